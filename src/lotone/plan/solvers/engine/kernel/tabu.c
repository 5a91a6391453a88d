/* Tabu search: what may not come back for a while, and the best move of each round (Zhang et al. 2007; Peng, Lu and Cheng 2015). */

#include "engine.h"

enum { MODE_TENURE = 3 }; /* moves before an operation may go back to a machine it left, and up to two times more */

void consider(State *state, Choice *choice, Move move, int is_tabu) {
    if (!draw_below(&state->chance, ++choice->seen)) choice->any = move;
    if (is_tabu && move.value >= choice->record) return;
    if (move.value < choice->best.value) choice->best = move, choice->ties = 1;
    else if (move.value == choice->best.value && !draw_below(&state->chance, ++choice->ties)) choice->best = move;
}

/* What the operation passes on its way may not be passed back. */
static void forbid_passing_back(State *state, const Move *move, i64 until) {
    i32 operation = move->operation, behind = move->behind, each;
    if (behind && state->rank[behind] > state->rank[operation]) {
        for (each = operation; each != behind;) {
            each = state->machine_after[each];
            *tabu_of(state, operation, each) = (Tabu){until, operation, each};
        }
    } else {
        for (each = state->machine_before[operation]; each != behind; each = state->machine_before[each])
            *tabu_of(state, each, operation) = (Tabu){until, each, operation};
    }
}

static i64 tenure_of_sequences(const Problem *problem, State *state) {
    i64 jobs = problem->operations / problem->machines, least = 10 + jobs / problem->machines;
    i64 most = jobs <= 2 * problem->machines ? least * 7 / 5 : least * 3 / 2;
    return least + draw_below(&state->chance, most - least + 1);
}

static int take(const Problem *problem, State *state, const Move *move, i64 number) {
    i32 operation = move->operation, mode = state->mode[operation];
    int is_same = state->machine[operation] == problem->mode_machine[move->mode];
    i64 until = number + tenure_of_sequences(problem, state);
    if (is_same) forbid_passing_back(state, move, until);
    if (!apply(problem, state, move)) return 0;
    if (!is_same) state->mode_tabu[mode] = number + MODE_TENURE + draw_below(&state->chance, 2 * MODE_TENURE);
    return 1;
}

/* Searches from the solution and leaves the best one found in it. Ends after `patience` moves without a better one, at the
   target, when no move is left or when *stop is set. Returns the number of moves. */
DOOR i64 improve(const Problem *problem, State *state, Solution *solution, i64 patience, i64 target, const volatile i32 *stop) {
    load(problem, state, solution);
    save(problem, state, solution);
    for (i64 place = 0; place < TABU_PLACES; place++) state->tabu[place].until = 0;
    for (i64 mode = 0; mode < problem->modes; mode++) state->mode_tabu[mode] = 0;
    i64 number = 1, since = 0;
    for (; since < patience && solution->makespan > target && !*stop; number++, since++) {
        Choice choice = {.best.value = NEVER, .any.value = NEVER, .move = number, .record = solution->makespan};
        i32 critical = critical_path(problem, state);
        block_moves(problem, state, critical, &choice);
        machine_moves(problem, state, critical, &choice);
        if (!choice.seen) break;
        if (!take(problem, state, choice.best.value < NEVER ? &choice.best : &choice.any, number)) continue;
        if (state->makespan < solution->makespan) save(problem, state, solution), since = 0;
    }
    return solution->moves = number - 1;
}
