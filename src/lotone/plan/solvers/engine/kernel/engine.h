/* The makespan engine: job shops, flexible job shops and assembly, one operation at a time on each machine.

   Freestanding: no library is called, no memory is taken, no clock is read, so one source serves every platform. All memory
   comes from the caller; a search stops when the caller sets its flag. Operations are numbered from 1; 0 stands for none: it
   ends at 0 and has no tail. A schedule is an order of all operations in which each comes after its predecessors, and a mode
   for each of them: every machine takes its operations in that order. The layouts of Problem and Solution are mirrored in
   native.py. */

#ifndef LOTONE_ENGINE_H
#define LOTONE_ENGINE_H

typedef signed char i8;
typedef int i32;
typedef long long i64;
typedef unsigned long long u64;

#ifdef _WIN32
#define DOOR __declspec(dllexport)
#else
#define DOOR __attribute__((visibility("default")))
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NEVER 0x3fffffffffffffffLL

typedef struct {
    i64 operations, machines, modes;
    i64 plain;                   /* 1 where no operation has more than one predecessor or successor */
    const i32 *mode_start;       /* operations + 2: where the modes of an operation start */
    const i32 *mode_machine;
    const i64 *mode_duration;
    const i32 *before;           /* operations + 1: its predecessor, or 0 */
    const i64 *before_lag;       /* least time from the predecessor's end, or from 0: a release */
    const i32 *after;            /* operations + 1: its successor, or 0 */
    const i64 *after_lag;
    const i32 *more_before_start; /* operations + 2: where its further predecessors start */
    const i32 *more_before;
    const i64 *more_before_lag;
    const i32 *more_after_start;
    const i32 *more_after;
    const i64 *more_after_lag;
} Problem;

typedef struct {
    i32 *order; /* operations: each one after its predecessors */
    i32 *mode;  /* operations + 1: index into the modes of the problem */
    i64 makespan;
    i64 moves;  /* done by the last search */
} Solution;

typedef struct { i64 until; i32 first, second; } Tabu; /* the first may not come before the second on their machine */

enum { TABU_BITS = 12, TABU_PLACES = 1 << TABU_BITS };

/* What a search works on. Tails hold the operation's own duration. */
typedef struct {
    u64 chance;
    i64 makespan;
    i64 stamp;
    i64 *end, *tail, *duration;          /* operations + 1 */
    i64 *end_without, *tail_without;     /* the same, as if one operation were on no machine */
    i64 *marked;                         /* operations + 1: stamp of the last walk that came by */
    i64 *mode_tabu;                      /* modes: move until which the mode may not come back */
    Tabu *tabu;                          /* TABU_PLACES */
    i32 *machine_before, *machine_after; /* operations + 1: neighbours on its machine */
    i32 *rank;                           /* operations + 1: its number on its machine */
    i32 *machine, *mode;                 /* operations + 1 */
    i32 *first, *last;                   /* machines */
    i32 *order, *place;                  /* topological order and its inverse */
    i32 *window, *path;                  /* operations + 1 */
} State;

/* Moving `operation` behind `behind` (0: to the front) on the machine of `mode`. */
typedef struct {
    i64 value; /* longest path that the move makes, as estimated */
    i32 operation, behind, mode;
} Move;

/* The best moves of one round: the best allowed one, and any one where all are tabu. */
typedef struct {
    Move best, any;
    i64 ties, seen;
    i64 move, record; /* number of this move; the makespan to beat: a tabu move that does is allowed */
} Choice;

ALWAYS_INLINE i64 larger(i64 one, i64 other) { return one > other ? one : other; }

/* xorshift64*, Vigna 2016 */
ALWAYS_INLINE u64 draw(u64 *chance) {
    u64 word = *chance;
    word ^= word >> 12, word ^= word << 25, word ^= word >> 27;
    *chance = word;
    return word * 0x2545F4914F6CDD1DULL;
}

/* 0 <= answer < count, for count < 2^32 */
ALWAYS_INLINE i64 draw_below(u64 *chance, i64 count) { return (i64)(((draw(chance) >> 32) * (u64)count) >> 32); }

/* When the predecessors of an operation in its job allow it to start. */
ALWAYS_INLINE i64 ready_at(const Problem *problem, const i64 *end, i32 operation) {
    i64 ready = end[problem->before[operation]] + problem->before_lag[operation];
    if (problem->plain) return ready;
    for (i32 at = problem->more_before_start[operation]; at < problem->more_before_start[operation + 1]; at++)
        ready = larger(ready, end[problem->more_before[at]] + problem->more_before_lag[at]);
    return ready;
}

/* The longest path after an operation in its job. */
ALWAYS_INLINE i64 rest_of(const Problem *problem, const i64 *tail, i32 operation) {
    i64 rest = tail[problem->after[operation]] + problem->after_lag[operation];
    if (problem->plain) return rest;
    for (i32 at = problem->more_after_start[operation]; at < problem->more_after_start[operation + 1]; at++)
        rest = larger(rest, tail[problem->more_after[at]] + problem->more_after_lag[at]);
    return rest;
}

ALWAYS_INLINE Tabu *tabu_of(const State *state, i32 first, i32 second) {
    u64 hash = ((u64)(unsigned)first << 32 | (unsigned)second) * 0x9E3779B97F4A7C15ULL;
    return &state->tabu[hash >> (64 - TABU_BITS)];
}

/* Until which move the first may not come before the second. */
ALWAYS_INLINE i64 tabu_until(const State *state, i32 first, i32 second) {
    const Tabu *tabu = tabu_of(state, first, second);
    return tabu->first == first && tabu->second == second ? tabu->until : 0;
}

/* graph.c */
void load(const Problem *problem, State *state, const Solution *solution);
void save(const Problem *problem, const State *state, Solution *solution);
int apply(const Problem *problem, State *state, const Move *move);
void without(const Problem *problem, State *state, i32 operation);
i32 critical_path(const Problem *problem, State *state);

/* blocks.c, machines.c */
void block_moves(const Problem *problem, State *state, i32 count, Choice *choice);
void machine_moves(const Problem *problem, State *state, i32 count, Choice *choice);

/* tabu.c */
void consider(State *state, Choice *choice, Move move, int is_tabu);

/* memory.c */
i64 carve(const Problem *problem, State *state, char *memory);

#endif
