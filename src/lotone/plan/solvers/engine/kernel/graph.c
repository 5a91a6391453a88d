/* The schedule as a graph: longest paths to and from every operation, in topological order, kept exact after each move. */

#include "engine.h"

ALWAYS_INLINE void ends_from(const Problem *problem, State *state, i64 from, int plain) {
    const i32 *before = problem->before, *machine_before = state->machine_before;
    i64 *end = state->end;
    for (i64 place = from; place < problem->operations; place++) {
        i32 operation = state->order[place];
        i64 ready = plain ? end[before[operation]] + problem->before_lag[operation] : ready_at(problem, end, operation);
        end[operation] = larger(ready, end[machine_before[operation]]) + state->duration[operation];
    }
}

ALWAYS_INLINE void tails_from(const Problem *problem, State *state, i64 from, int plain) {
    const i32 *after = problem->after, *machine_after = state->machine_after;
    i64 *tail = state->tail;
    for (i64 place = from; place >= 0; place--) {
        i32 operation = state->order[place];
        i64 rest = plain ? tail[after[operation]] + problem->after_lag[operation] : rest_of(problem, tail, operation);
        tail[operation] = larger(rest, tail[machine_after[operation]]) + state->duration[operation];
    }
}

static void recompute(const Problem *problem, State *state, i64 from, i64 to) {
    if (problem->plain) {
        ends_from(problem, state, from, 1);
        tails_from(problem, state, to, 1);
    } else {
        ends_from(problem, state, from, 0);
        tails_from(problem, state, to, 0);
    }
    state->makespan = 0;
    for (i64 machine = 0; machine < problem->machines; machine++)
        state->makespan = larger(state->makespan, state->end[state->last[machine]]);
}

void load(const Problem *problem, State *state, const Solution *solution) {
    state->end[0] = state->tail[0] = state->duration[0] = 0;
    state->end_without[0] = state->tail_without[0] = 0;
    state->machine_before[0] = state->machine_after[0] = 0;
    state->place[0] = -1;
    for (i64 machine = 0; machine < problem->machines; machine++) state->first[machine] = state->last[machine] = 0;
    for (i64 place = 0; place < problem->operations; place++) {
        i32 operation = solution->order[place], mode = solution->mode[operation], machine = problem->mode_machine[mode];
        i32 previous = state->last[machine];
        state->order[place] = operation, state->place[operation] = (i32)place;
        state->mode[operation] = mode, state->machine[operation] = machine;
        state->duration[operation] = problem->mode_duration[mode];
        state->machine_before[operation] = previous, state->machine_after[operation] = 0;
        state->rank[operation] = previous ? state->rank[previous] + 1 : 0;
        if (previous) state->machine_after[previous] = operation;
        else state->first[machine] = operation;
        state->last[machine] = operation;
    }
    recompute(problem, state, 0, problem->operations - 1);
}

void save(const Problem *problem, const State *state, Solution *solution) {
    for (i64 place = 0; place < problem->operations; place++) solution->order[place] = state->order[place];
    for (i64 operation = 1; operation <= problem->operations; operation++) solution->mode[operation] = state->mode[operation];
    solution->makespan = state->makespan;
}

static void unlink_from_machine(State *state, i32 operation) {
    i32 machine = state->machine[operation], previous = state->machine_before[operation], next = state->machine_after[operation];
    if (previous) state->machine_after[previous] = next;
    else state->first[machine] = next;
    if (next) state->machine_before[next] = previous;
    else state->last[machine] = previous;
}

static void link_behind(const Problem *problem, State *state, i32 operation, i32 behind, i32 mode) {
    i32 machine = problem->mode_machine[mode], next = behind ? state->machine_after[behind] : state->first[machine];
    state->mode[operation] = mode, state->machine[operation] = machine;
    state->duration[operation] = problem->mode_duration[mode];
    state->machine_before[operation] = behind, state->machine_after[operation] = next;
    if (behind) state->machine_after[behind] = operation;
    else state->first[machine] = operation;
    if (next) state->machine_before[next] = operation;
    else state->last[machine] = operation;
}

static void count_ranks(State *state, i32 operation) {
    i32 previous = operation ? state->machine_before[operation] : 0;
    for (i32 rank = previous ? state->rank[previous] + 1 : 0; operation; operation = state->machine_after[operation])
        state->rank[operation] = rank++;
}

static int is_after_marked(const Problem *problem, const State *state, i32 operation) {
    const i64 *marked = state->marked, stamp = state->stamp;
    if (marked[problem->before[operation]] == stamp || marked[state->machine_before[operation]] == stamp) return 1;
    for (i32 at = problem->more_before_start[operation]; at < problem->more_before_start[operation + 1]; at++)
        if (marked[problem->more_before[at]] == stamp) return 1;
    return 0;
}

static int is_before_marked(const Problem *problem, const State *state, i32 operation) {
    const i64 *marked = state->marked, stamp = state->stamp;
    if (marked[problem->after[operation]] == stamp || marked[state->machine_after[operation]] == stamp) return 1;
    for (i32 at = problem->more_after_start[operation]; at < problem->more_after_start[operation + 1]; at++)
        if (marked[problem->more_after[at]] == stamp) return 1;
    return 0;
}

static void put(State *state, i32 operation, i64 place) { state->order[place] = operation, state->place[operation] = (i32)place; }

/* The operation goes behind `to`, and what depends on it behind the operation. Returns 0 where `to` depends on it: a cycle. */
static int order_forward(const Problem *problem, State *state, i32 operation, i32 to) {
    i64 from = state->place[operation], until = state->place[to], kept = from, held = 0;
    state->marked[operation] = ++state->stamp;
    for (i64 place = from + 1; place <= until; place++)
        if (is_after_marked(problem, state, state->order[place])) state->marked[state->order[place]] = state->stamp;
    if (state->marked[to] == state->stamp) return 0;
    for (i64 place = from; place <= until; place++) {
        i32 each = state->order[place];
        if (state->marked[each] == state->stamp) state->window[held++] = each;
        else put(state, each, kept++);
    }
    for (i64 number = 0; number < held; number++) put(state, state->window[number], kept + number);
    return 1;
}

/* The operation goes before `to`, and what it depends on before the operation. */
static int order_backward(const Problem *problem, State *state, i32 operation, i32 to) {
    i64 from = state->place[operation], until = state->place[to], kept = from, held = 0;
    state->marked[operation] = ++state->stamp;
    for (i64 place = from - 1; place >= until; place--)
        if (is_before_marked(problem, state, state->order[place])) state->marked[state->order[place]] = state->stamp;
    if (state->marked[to] == state->stamp) return 0;
    for (i64 place = from; place >= until; place--) {
        i32 each = state->order[place];
        if (state->marked[each] == state->stamp) state->window[held++] = each;
        else put(state, each, kept--);
    }
    for (i64 number = 0; number < held; number++) put(state, state->window[number], kept - number);
    return 1;
}

/* Returns 0, with nothing changed, where the move would make a cycle. */
int apply(const Problem *problem, State *state, const Move *move) {
    i32 operation = move->operation, old_behind = state->machine_before[operation], old_mode = state->mode[operation];
    i32 old_next = state->machine_after[operation];
    i64 place = state->place[operation];
    unlink_from_machine(state, operation);
    link_behind(problem, state, operation, move->behind, move->mode);
    i32 next = state->machine_after[operation];
    i64 from = place, to = place;
    int is_done = 1;
    if (move->behind && state->place[move->behind] > place) {
        to = state->place[move->behind];
        is_done = order_forward(problem, state, operation, move->behind);
    } else if (next && state->place[next] < place) {
        from = state->place[next];
        is_done = order_backward(problem, state, operation, next);
    }
    if (!is_done) {
        unlink_from_machine(state, operation);
        link_behind(problem, state, operation, old_behind, old_mode);
        return 0;
    }
    count_ranks(state, operation);
    if (old_next) count_ranks(state, old_next);
    recompute(problem, state, from, to);
    return 1;
}

/* Ends and tails as if the operation took no time and no machine. */
void without(const Problem *problem, State *state, i32 operation) {
    i64 *end = state->end_without, *tail = state->tail_without, place = state->place[operation];
    i32 previous = state->machine_before[operation], next = state->machine_after[operation];
    for (i64 at = 0; at < place; at++) end[state->order[at]] = state->end[state->order[at]];
    end[operation] = ready_at(problem, end, operation);
    for (i64 at = place + 1; at < problem->operations; at++) {
        i32 each = state->order[at], behind = each == next ? previous : state->machine_before[each];
        end[each] = larger(ready_at(problem, end, each), end[behind]) + state->duration[each];
    }
    for (i64 at = place + 1; at < problem->operations; at++) tail[state->order[at]] = state->tail[state->order[at]];
    tail[operation] = rest_of(problem, tail, operation);
    for (i64 at = place - 1; at >= 0; at--) {
        i32 each = state->order[at], ahead = each == previous ? next : state->machine_after[each];
        tail[each] = larger(rest_of(problem, tail, each), tail[ahead]) + state->duration[each];
    }
}

static i32 critical_predecessor(const Problem *problem, State *state, i32 operation) {
    i64 start = state->end[operation] - state->duration[operation];
    i32 found = 0, ties = 0, each = problem->before[operation];
    if (each && state->end[each] + problem->before_lag[operation] == start) found = each, ties = 1;
    for (i32 at = problem->more_before_start[operation]; at < problem->more_before_start[operation + 1]; at++) {
        each = problem->more_before[at];
        if (each && state->end[each] + problem->more_before_lag[at] == start && !draw_below(&state->chance, ++ties)) found = each;
    }
    each = state->machine_before[operation];
    if (each && state->end[each] == start && !draw_below(&state->chance, ++ties)) found = each;
    return found;
}

/* A critical path, drawn where there are several, into `path` from its first operation on; returns their number. */
i32 critical_path(const Problem *problem, State *state) {
    i32 operation = 0, ties = 0, count = 0;
    for (i64 machine = 0; machine < problem->machines; machine++) {
        i32 last = state->last[machine];
        if (last && state->end[last] == state->makespan && !draw_below(&state->chance, ++ties)) operation = last;
    }
    for (; operation; operation = critical_predecessor(problem, state, operation)) state->path[count++] = operation;
    for (i32 low = 0, high = count - 1; low < high; low++, high--) {
        i32 each = state->path[low];
        state->path[low] = state->path[high], state->path[high] = each;
    }
    return count;
}
