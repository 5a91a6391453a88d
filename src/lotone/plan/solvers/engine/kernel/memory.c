/* Memory for a search, cut from one piece; and the two calls that compilers make by themselves. */

#include "engine.h"

#ifdef _WIN32
/* The linker wants both of a Windows library that stands alone: nothing reads the first, and there is nothing to start. */
int _fltused = 0;
int DllMainCRTStartup(void *module, unsigned reason, void *reserved) { return (void)module, (void)reason, (void)reserved, 1; }
#endif

void *memset(void *target, int value, __SIZE_TYPE__ size) {
    volatile unsigned char *byte = target;
    while (size--) *byte++ = (unsigned char)value;
    return target;
}

void *memcpy(void *restrict target, const void *restrict source, __SIZE_TYPE__ size) {
    volatile unsigned char *to = target;
    const unsigned char *from = source;
    while (size--) *to++ = *from++;
    return target;
}

static void *cut(char *memory, i64 *used, i64 bytes) {
    char *piece = memory ? memory + *used : 0;
    *used += (bytes + 63) & ~63LL; /* a line of the cache each */
    return piece;
}

/* Returns the number of bytes; without memory it only counts them. */
i64 carve(const Problem *problem, State *state, char *memory) {
    i64 used = 0, places = problem->operations + 1;
    i64 **longs[] = {&state->end, &state->tail, &state->duration, &state->end_without, &state->tail_without, &state->marked};
    for (int number = 0; number < 6; number++) *longs[number] = cut(memory, &used, places * 8);
    state->mode_tabu = cut(memory, &used, problem->modes * 8);
    state->tabu = cut(memory, &used, TABU_PLACES * (i64)sizeof(Tabu));
    i32 **ints[] = {&state->machine_before, &state->machine_after, &state->rank,  &state->machine, &state->mode,
                    &state->order,          &state->place,         &state->window, &state->path};
    for (int number = 0; number < 9; number++) *ints[number] = cut(memory, &used, places * 4);
    state->first = cut(memory, &used, problem->machines * 4);
    state->last = cut(memory, &used, problem->machines * 4);
    return used;
}

DOOR i64 bytes_needed(const Problem *problem) {
    State state;
    return (i64)sizeof(State) + 64 + carve(problem, &state, 0);
}

/* Makes the memory, aligned to 64 bytes, ready for searches; equal seeds draw equally. */
DOOR State *open_state(const Problem *problem, char *memory, u64 seed) {
    State *state = (State *)memory;
    carve(problem, state, memory + ((sizeof(State) + 63) & ~63ULL));
    state->chance = (seed + 1) * 0x9E3779B97F4A7C15ULL | 1;
    state->stamp = 0;
    for (i64 operation = 0; operation <= problem->operations; operation++) state->marked[operation] = 0;
    return state;
}
