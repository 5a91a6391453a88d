/* Moves within the blocks of a critical path: an operation goes to an end of its block, or an end of the block goes inside.

   The neighbourhoods N6 (Balas and Vazacopoulos, Management Science 44, 1998) and N7 (Zhang, Li, Guan and Rao, Computers &
   Operations Research 34, 2007). A move is estimated by the longest path through the operations that it shifts; walking on
   from place to place costs a constant each. What is left out: moves from inside to inside, which no path gets shorter by. */

#include "engine.h"

enum { REACH = 256 }; /* places that an operation may be moved by: blocks of huge shops have thousands */

/* No way leads from a successor of `operation` to `other`, so it may go behind it. Proved by the order, the ends or the tails. */
ALWAYS_INLINE int may_follow(const State *state, i32 successor, i32 other) {
    return !successor || state->place[successor] > state->place[other] ||
           state->end[successor] > state->end[other] - state->duration[other] ||
           state->tail[successor] - state->duration[successor] < state->tail[other];
}

ALWAYS_INLINE int may_precede(const State *state, i32 predecessor, i32 other) {
    return !predecessor || state->place[predecessor] < state->place[other] ||
           state->end[predecessor] - state->duration[predecessor] < state->end[other] ||
           state->tail[other] - state->duration[other] < state->tail[predecessor];
}

static int may_go_behind(const Problem *problem, const State *state, i32 operation, i32 other) {
    if (!may_follow(state, problem->after[operation], other)) return 0;
    for (i32 at = problem->more_after_start[operation]; at < problem->more_after_start[operation + 1]; at++)
        if (!may_follow(state, problem->more_after[at], other)) return 0;
    return 1;
}

static int may_go_before(const Problem *problem, const State *state, i32 operation, i32 other) {
    if (!may_precede(state, problem->before[operation], other)) return 0;
    for (i32 at = problem->more_before_start[operation]; at < problem->more_before_start[operation + 1]; at++)
        if (!may_precede(state, problem->more_before[at], other)) return 0;
    return 1;
}

/* path[at] goes behind each later operation of its block. */
static void move_later(const Problem *problem, State *state, i32 first, i32 at, i32 last, Choice *choice) {
    i32 operation = state->path[at];
    i64 ready = ready_at(problem, state->end, operation), rest = rest_of(problem, state->tail, operation);
    i64 duration = state->duration[operation], around = 0, end = state->end[state->machine_before[operation]];
    i64 tabu = 0;
    if (at != first && last - at > REACH) return;
    for (i32 to = at + 1; to <= last && to - at <= REACH; to++) {
        i32 other = state->path[to];
        if (!may_go_behind(problem, state, operation, other)) return;
        end = larger(ready_at(problem, state->end, other), end) + state->duration[other];
        around = larger(around, end + rest_of(problem, state->tail, other));
        tabu = larger(tabu, tabu_until(state, other, operation));
        if (at != first && to != last) continue;
        i64 through = larger(ready, end) + duration + larger(rest, state->tail[state->machine_after[other]]);
        Move move = {larger(through, around), operation, other, state->mode[operation]};
        consider(state, choice, move, tabu > choice->move);
    }
}

/* path[at] goes before each earlier operation of its block but the next, which move_later has done. */
static void move_earlier(const Problem *problem, State *state, i32 first, i32 at, i32 last, Choice *choice) {
    i32 operation = state->path[at];
    i64 ready = ready_at(problem, state->end, operation), rest = rest_of(problem, state->tail, operation);
    i64 duration = state->duration[operation], around = 0, tail = state->tail[state->machine_after[operation]];
    i64 tabu = 0;
    if (at != last && at - first > REACH) return;
    for (i32 to = at - 1; to >= first && at - to <= REACH; to--) {
        i32 other = state->path[to], behind = state->machine_before[other];
        if (!may_go_before(problem, state, operation, other)) return;
        tail = larger(rest_of(problem, state->tail, other), tail) + state->duration[other];
        around = larger(around, tail + ready_at(problem, state->end, other));
        tabu = larger(tabu, tabu_until(state, operation, other));
        if (to == at - 1 || (at != last && to != first)) continue;
        i64 through = larger(ready, state->end[behind]) + duration + larger(rest, tail);
        Move move = {larger(through, around), operation, behind, state->mode[operation]};
        consider(state, choice, move, tabu > choice->move);
    }
}

void block_moves(const Problem *problem, State *state, i32 count, Choice *choice) {
    for (i32 first = 0, last; first < count; first = last + 1) {
        for (last = first; last + 1 < count && state->machine_before[state->path[last + 1]] == state->path[last];) last++;
        for (i32 at = first; at <= last; at++) {
            move_later(problem, state, first, at, last, choice);
            move_earlier(problem, state, first, at, last, choice);
        }
    }
}
