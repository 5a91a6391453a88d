/* First schedules: dispatching without idle waiting, most work remaining first, in a heap of ready operations; with noise also
   others, in which a machine may wait for what comes soon. */

#include "engine.h"

/* How often operations may be looked at anew because their machine was taken meanwhile; then the first to be ready comes first,
   else shops with thousands of waiting jobs would take minutes. */
enum { LOOKS_LEAST = 1 << 20, LOOKS_EACH = 32 };

typedef struct { i64 *start, *urgency, *delay; i32 *heap; i64 size; } Ready;

static int comes_before(const Ready *ready, i32 one, i32 other) {
    if (ready->start[one] != ready->start[other]) return ready->start[one] < ready->start[other];
    return ready->urgency[one] > ready->urgency[other];
}

static void sink(Ready *ready) {
    i64 at = 0;
    i32 operation = ready->heap[0];
    for (i64 child; (child = 2 * at + 1) < ready->size; at = child) {
        if (child + 1 < ready->size && comes_before(ready, ready->heap[child + 1], ready->heap[child])) child++;
        if (!comes_before(ready, ready->heap[child], operation)) break;
        ready->heap[at] = ready->heap[child];
    }
    ready->heap[at] = operation;
}

static void push(Ready *ready, i32 operation) {
    i64 at = ready->size++;
    for (; at && comes_before(ready, operation, ready->heap[(at - 1) / 2]); at = (at - 1) / 2)
        ready->heap[at] = ready->heap[(at - 1) / 2];
    ready->heap[at] = operation;
}

/* The mode that ends first as the machines are now, and when it starts. */
static i32 earliest_mode(const Problem *problem, const State *state, i32 operation, i64 *start) {
    i64 ready = ready_at(problem, state->end, operation), least = NEVER;
    i32 found = problem->mode_start[operation];
    for (i32 mode = problem->mode_start[operation]; mode < problem->mode_start[operation + 1]; mode++) {
        i64 free = state->end[state->last[problem->mode_machine[mode]]];
        i64 end = larger(ready, free) + problem->mode_duration[mode];
        if (end < least) least = end, found = mode, *start = larger(ready, free);
    }
    return found;
}

/* Work remaining by the shortest modes; a noise of 1 means up to twice of it, and that an operation may let others go first
   that start up to its own duration later: both drawn for each operation. The delays replace the tails. */
static void rate(const Problem *problem, State *state, const i32 *order, double noise) {
    i64 *tail = state->tail, *urgency = state->tail_without;
    tail[0] = 0;
    for (i64 place = problem->operations - 1; place >= 0; place--) {
        i32 operation = order[place];
        i64 least = NEVER;
        for (i32 mode = problem->mode_start[operation]; mode < problem->mode_start[operation + 1]; mode++)
            if (problem->mode_duration[mode] < least) least = problem->mode_duration[mode];
        tail[operation] = rest_of(problem, tail, operation) + least;
        double share = (double)(draw(&state->chance) >> 40) / (double)(1 << 24);
        urgency[operation] = (i64)((double)tail[operation] * (1.0 + noise * share));
        state->marked[operation] = least;
    }
    for (i32 operation = 1; operation <= problem->operations; operation++) {
        double share = (double)(draw(&state->chance) >> 40) / (double)(1 << 24);
        tail[operation] = (i64)(noise * share * (double)(state->marked[operation] + 1));
        state->marked[operation] = 0;
    }
}

static void release(const Problem *problem, State *state, Ready *ready, i32 operation) {
    if (!operation || --state->rank[operation]) return;
    earliest_mode(problem, state, operation, &ready->start[operation]);
    ready->start[operation] += ready->delay[operation];
    push(ready, operation);
}

static void count_predecessors(const Problem *problem, State *state) {
    for (i32 operation = 1; operation <= problem->operations; operation++) {
        state->rank[operation] = 1 + (problem->before[operation] > 0);
        for (i32 at = problem->more_before_start[operation]; at < problem->more_before_start[operation + 1]; at++)
            state->rank[operation] += problem->more_before[at] > 0;
    }
}

/* solution->order must hold any order that keeps to the predecessors; the schedule replaces it. */
DOOR void dispatch(const Problem *problem, State *state, Solution *solution, double noise) {
    Ready ready = {state->end_without, state->tail_without, state->tail, state->window, 0};
    i64 count = 0, looks = LOOKS_LEAST + LOOKS_EACH * problem->operations;
    rate(problem, state, solution->order, noise);
    count_predecessors(problem, state);
    state->end[0] = 0;
    for (i64 machine = 0; machine < problem->machines; machine++) state->last[machine] = 0;
    for (i32 operation = 1; operation <= problem->operations; operation++) release(problem, state, &ready, operation);
    while (ready.size) {
        i32 operation = ready.heap[0];
        i64 start = 0;
        i32 mode = earliest_mode(problem, state, operation, &start);
        i64 wanted = start + ready.delay[operation];
        if (wanted > ready.start[operation] && looks-- > 0) { /* its machine was taken since it was looked at */
            ready.start[operation] = wanted;
            sink(&ready);
            continue;
        }
        ready.heap[0] = ready.heap[--ready.size];
        if (ready.size) sink(&ready);
        solution->order[count++] = operation, solution->mode[operation] = mode;
        state->last[problem->mode_machine[mode]] = operation;
        state->end[operation] = start + problem->mode_duration[mode];
        release(problem, state, &ready, problem->after[operation]);
        for (i32 at = problem->more_after_start[operation]; at < problem->more_after_start[operation + 1]; at++)
            release(problem, state, &ready, problem->more_after[at]);
    }
    load(problem, state, solution);
    solution->makespan = state->makespan;
}
