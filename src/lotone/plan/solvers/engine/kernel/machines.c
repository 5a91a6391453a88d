/* Moves to other machines: each critical operation goes where the longest path through it gets shortest.

   After Mastrolilli and Gambardella (Journal of Scheduling 3, 2000): with the operation taken out, the longest path through it
   at any place that makes no cycle is known exactly. */

#include "engine.h"

/* What an operation that was taken out must come behind, and what must come behind it. */
typedef struct { i64 ready, rest, head, tail, place_before, place_after; } Bounds;

static void widen(const State *state, Bounds *bounds, i32 predecessor, i32 successor) {
    if (predecessor) {
        bounds->head = larger(bounds->head, state->end_without[predecessor] - state->duration[predecessor]);
        bounds->place_before = larger(bounds->place_before, state->place[predecessor]);
    }
    if (successor) {
        bounds->tail = larger(bounds->tail, state->tail_without[successor] - state->duration[successor]);
        if (state->place[successor] < bounds->place_after) bounds->place_after = state->place[successor];
    }
}

static Bounds bounds_of(const Problem *problem, const State *state, i32 operation) {
    Bounds bounds = {state->end_without[operation], state->tail_without[operation], -1, -1, -1, NEVER};
    widen(state, &bounds, problem->before[operation], problem->after[operation]);
    for (i32 at = problem->more_before_start[operation]; at < problem->more_before_start[operation + 1]; at++)
        widen(state, &bounds, problem->more_before[at], 0);
    for (i32 at = problem->more_after_start[operation]; at < problem->more_after_start[operation + 1]; at++)
        widen(state, &bounds, 0, problem->more_after[at]);
    return bounds;
}

/* A way may lead from `other` to a predecessor, or it is one: where there are several, it need not be the latest. */
static int must_be_before(const State *state, const Bounds *bounds, i32 other, i64 plain) {
    i64 place = state->place[other], itself = plain ? 0 : state->duration[other];
    return place <= bounds->place_before &&
           (place == bounds->place_before || state->end_without[other] - itself <= bounds->head);
}

static int must_be_behind(const State *state, const Bounds *bounds, i32 other, i64 plain) {
    i64 place = state->place[other], itself = plain ? 0 : state->duration[other];
    return place >= bounds->place_after &&
           (place == bounds->place_after || state->tail_without[other] - itself <= bounds->tail);
}

static void best_place(const Problem *problem, State *state, const Bounds *bounds, i32 operation, i32 mode, Choice *choice) {
    i32 machine = problem->mode_machine[mode], behind = 0, ties = 0;
    i64 duration = problem->mode_duration[mode];
    Move best = {NEVER, operation, 0, mode};
    for (i32 next = state->first[machine];; behind = next, next = state->machine_after[next]) {
        i64 value = larger(bounds->ready, state->end_without[behind]) + duration + larger(bounds->rest, state->tail_without[next]);
        if (value < best.value) ties = 1, best.value = value, best.behind = behind;
        else if (value == best.value && !draw_below(&state->chance, ++ties)) best.behind = behind;
        if (!next || must_be_behind(state, bounds, next, problem->plain)) break;
        if (must_be_before(state, bounds, next, problem->plain)) best.value = NEVER;
    }
    if (best.value < NEVER) consider(state, choice, best, state->mode_tabu[mode] > choice->move);
}

void machine_moves(const Problem *problem, State *state, i32 count, Choice *choice) {
    for (i32 at = 0; at < count; at++) {
        i32 operation = state->path[at], first = problem->mode_start[operation], last = problem->mode_start[operation + 1];
        if (last - first < 2) continue;
        without(problem, state, operation);
        Bounds bounds = bounds_of(problem, state, operation);
        for (i32 mode = first; mode < last; mode++)
            if (problem->mode_machine[mode] != state->machine[operation])
                best_place(problem, state, &bounds, operation, mode, choice);
    }
}
