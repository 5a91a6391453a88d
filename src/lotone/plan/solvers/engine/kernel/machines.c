/* Moves to other machines: each critical operation goes where the longest path through it gets shortest.

   After Mastrolilli and Gambardella (Journal of Scheduling 3, 2000): with the operation taken out, the longest path through it
   at any place that makes no cycle is known exactly. Taking it out costs a walk over the whole schedule, so only as many
   operations as are cheap are, drawn anew for each move. For the others the ends and tails as they are serve: exact where what
   is ahead does not depend on the operation nor it on what is behind, too long elsewhere. */

#include "engine.h"

enum {
    EXACT_WORK = 1 << 12, /* operations walked over for one move to take others out */
    PLACE_WORK = 1 << 20, /* places looked at for one move: in huge shops only a part of the critical path is tried */
};

/* What an operation that is taken out must come behind, and what must come behind it. */
typedef struct {
    const i64 *end, *tail;
    i64 ready, rest, head_before, tail_after, place_before, place_after, plain;
} Bounds;

static void widen(const State *state, Bounds *bounds, i32 predecessor, i32 successor) {
    if (predecessor) {
        bounds->head_before = larger(bounds->head_before, bounds->end[predecessor] - state->duration[predecessor]);
        bounds->place_before = larger(bounds->place_before, state->place[predecessor]);
    }
    if (successor) {
        bounds->tail_after = larger(bounds->tail_after, bounds->tail[successor] - state->duration[successor]);
        if (state->place[successor] < bounds->place_after) bounds->place_after = state->place[successor];
    }
}

static Bounds bounds_of(const Problem *problem, State *state, i32 operation, int is_exact) {
    Bounds bounds = {state->end, state->tail, 0, 0, -1, -1, -1, NEVER, problem->plain};
    if (is_exact) {
        without(problem, state, operation);
        bounds.end = state->end_without, bounds.tail = state->tail_without;
    }
    bounds.ready = ready_at(problem, bounds.end, operation);
    bounds.rest = rest_of(problem, bounds.tail, operation);
    widen(state, &bounds, problem->before[operation], problem->after[operation]);
    for (i32 at = problem->more_before_start[operation]; at < problem->more_before_start[operation + 1]; at++)
        widen(state, &bounds, problem->more_before[at], 0);
    for (i32 at = problem->more_after_start[operation]; at < problem->more_after_start[operation + 1]; at++)
        widen(state, &bounds, 0, problem->more_after[at]);
    return bounds;
}

/* A way may lead from `other` to a predecessor, or it is one: where there are several, it need not be the latest. */
static int must_be_before(const State *state, const Bounds *bounds, i32 other) {
    i64 place = state->place[other], itself = bounds->plain ? 0 : state->duration[other];
    return place <= bounds->place_before &&
           (place == bounds->place_before || bounds->end[other] - itself <= bounds->head_before);
}

static int must_be_behind(const State *state, const Bounds *bounds, i32 other) {
    i64 place = state->place[other], itself = bounds->plain ? 0 : state->duration[other];
    return place >= bounds->place_after &&
           (place == bounds->place_after || bounds->tail[other] - itself <= bounds->tail_after);
}

static void best_place(const Problem *problem, State *state, const Bounds *bounds, i32 operation, i32 mode, Choice *choice) {
    i32 machine = problem->mode_machine[mode], behind = 0, ties = 0;
    i64 duration = problem->mode_duration[mode];
    Move best = {NEVER, operation, 0, mode};
    for (i32 next = state->first[machine];; behind = next, next = state->machine_after[next]) {
        i64 value = larger(bounds->ready, bounds->end[behind]) + duration + larger(bounds->rest, bounds->tail[next]);
        if (value < best.value) ties = 1, best.value = value, best.behind = behind;
        else if (value == best.value && !draw_below(&state->chance, ++ties)) best.behind = behind;
        if (!next || must_be_behind(state, bounds, next)) break;
        if (must_be_before(state, bounds, next)) best.value = NEVER;
    }
    if (best.value < NEVER) consider(state, choice, best, state->mode_tabu[mode] > choice->move);
}

void machine_moves(const Problem *problem, State *state, i32 count, Choice *choice) {
    i64 places = problem->modes / problem->machines + 1; /* as a rule, of all machines of an operation together */
    i64 tried = larger(1, PLACE_WORK / places), exact = EXACT_WORK / problem->operations;
    for (i32 at = 0; at < count; at++) {
        i32 operation = state->path[at], first = problem->mode_start[operation], last = problem->mode_start[operation + 1];
        if (last - first < 2 || draw_below(&state->chance, count) >= tried) continue;
        Bounds bounds = bounds_of(problem, state, operation, draw_below(&state->chance, count) < exact);
        for (i32 mode = first; mode < last; mode++)
            if (problem->mode_machine[mode] != state->machine[operation])
                best_place(problem, state, &bounds, operation, mode, choice);
    }
}
