/* Between two schedules: what both do in the same order stays so. Path relinking (Peng, Lu and Cheng, Computers & Operations
   Research 53, 2015) starts searches on the way from one good schedule to another; instead of swapping step by step and
   repairing, the orders are merged, which needs no repair: each next operation is taken from one of both orders, its
   predecessors stand before it there and are placed already. */

#include "engine.h"

/* The same schedule with its order sorted by start, which lets two schedules be merged moment by moment. */
DOOR void straighten(const Problem *problem, State *state, Solution *solution) {
    load(problem, state, solution);
    i32 *from = state->order, *to = state->window;
    for (i64 run = 1; run < problem->operations; run *= 2) {
        for (i64 low = 0; low < problem->operations; low += 2 * run) {
            i64 middle = low + run < problem->operations ? low + run : problem->operations;
            i64 high = low + 2 * run < problem->operations ? low + 2 * run : problem->operations;
            for (i64 left = low, right = middle, at = low; at < high; at++) {
                int take_left = left < middle;
                if (take_left && right < high)
                    take_left = state->end[from[left]] - state->duration[from[left]] <= state->end[from[right]] - state->duration[from[right]];
                to[at] = from[take_left ? left++ : right++];
            }
        }
        i32 *swapped = from;
        from = to, to = swapped;
    }
    for (i64 place = 0; place < problem->operations; place++) solution->order[place] = from[place];
    solution->makespan = state->makespan;
}

/* Draws a schedule between two straightened ones; `share` of 0 to 1 is taken from the first. */
DOOR void merge(const Problem *problem, State *state, const Solution *one, const Solution *other, double share, Solution *between) {
    const Solution *sources[] = {one, other};
    i64 next[] = {0, 0};
    u64 limit = (u64)(share * 4294967296.0);
    state->stamp++;
    for (i64 place = 0; place < problem->operations; place++) {
        int source = (draw(&state->chance) >> 32) >= limit;
        while (state->marked[sources[source]->order[next[source]]] == state->stamp) next[source]++;
        i32 operation = sources[source]->order[next[source]++];
        state->marked[operation] = state->stamp;
        between->order[place] = operation;
        between->mode[operation] = sources[(draw(&state->chance) >> 32) >= limit]->mode[operation];
    }
    load(problem, state, between);
    between->makespan = state->makespan;
}

/* When every operation starts; `start` has a place for each, from 0. */
DOOR void starts(const Problem *problem, State *state, const Solution *solution, i64 *start) {
    load(problem, state, solution);
    for (i64 operation = 1; operation <= problem->operations; operation++)
        start[operation - 1] = state->end[operation] - state->duration[operation];
}

/* How many operations have another predecessor on their machine, or another mode. */
DOOR i64 difference(const Problem *problem, State *state, const Solution *one, const Solution *other) {
    i64 count = 0;
    load(problem, state, one);
    for (i64 operation = 1; operation <= problem->operations; operation++)
        state->window[operation] = state->machine_before[operation];
    load(problem, state, other);
    for (i64 operation = 1; operation <= problem->operations; operation++)
        count += state->window[operation] != state->machine_before[operation] || one->mode[operation] != other->mode[operation];
    return count;
}
