/* Passes over a compiled circuit (d-DNNF). Freestanding: no library is called, so one source serves every platform.

   Node: one branch of several is true, no two together. Branch: its literals hold, its child nodes hold, its free
   variables may be anything. Nodes come after those they use; the last one is the root. A literal's index is
   2 * variable, plus 1 where it is negated. Every variable appears once on each way from the root down.

   The layouts of both structures are mirrored in kernel/__init__.py. */

typedef signed char i8;
typedef int i32;
typedef long long i64;
typedef unsigned long long u64;
typedef unsigned __int128 u128;

#ifdef _WIN32
#define DOOR __declspec(dllexport)
/* The linker wants both of a Windows library that stands alone: nothing reads the first, and there is nothing to start. */
int _fltused = 0;
int DllMainCRTStartup(void *module, unsigned reason, void *reserved) { return (void)module, (void)reason, (void)reserved, 1; }
#else
#define DOOR __attribute__((visibility("default")))
#endif

#define NEVER 0x7fffffffffffffffLL
#define COST_MAX (1LL << 61) /* of all costs together: then no sum or difference of two sums overflows */

enum { FOUND = 0, IMPOSSIBLE = 1, TOO_LARGE = 2, WRONG_LITERAL = 3 };
enum { MAY_BE_TRUE = 1, MAY_BE_FALSE = 2 };

typedef struct {
    i64 variables, nodes, branches;
    const i32 *node_branches;    /* nodes + 1: where the branches of a node start */
    const i32 *branch_children;  /* branches + 1: where its children start */
    const i32 *children;
    const i32 *branch_literals;
    const i32 *literals;         /* as indices */
    const i32 *branch_free;
    const i32 *free;             /* variables */
    const i32 *literal_branches; /* 2 * variables + 3: where the branches with a literal start */
    const i32 *branches_with;
} Circuit;

typedef struct {
    i8 *may;       /* variables + 1: which values the assumptions allow */
    i8 *dead;        /* branches: an assumption contradicts a literal of it */
    i64 *cost;       /* branches: of its literals that are true; after the pass down, of the cheapest solution through it */
    i64 *low;        /* nodes: cost of the cheapest solution, NEVER where there is none */
    i64 *high;
    double *share;   /* nodes: number of solutions = share * 2^scale, 1 <= share < 2 */
    i64 *scale;
    i64 *around;     /* nodes: cost of the cheapest solution through it, less its own */
    i32 *length;     /* nodes: limbs of its number of solutions, 0 where there is none */
    const i64 *node_limbs; /* nodes + 1: where the number of solutions of a node starts */
    u64 *limbs;
    u64 *product;    /* two numbers of the largest size */
    i64 product_size;
} Scratch;

typedef struct { i64 low, high; double share; i64 scale; } Summary;

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

/* What the assumptions forbid */

static int assume(const Circuit *circuit, Scratch *scratch, const i32 *assumptions, i64 count) {
    for (i64 variable = 0; variable <= circuit->variables; variable++) scratch->may[variable] = MAY_BE_TRUE | MAY_BE_FALSE;
    for (i64 branch = 0; branch < circuit->branches; branch++) scratch->dead[branch] = 0;
    int result = FOUND;
    for (i64 number = 0; number < count; number++) {
        i64 literal = assumptions[number], variable = literal < 0 ? -literal : literal;
        if (variable == 0 || variable > circuit->variables) return WRONG_LITERAL;
        scratch->may[variable] &= (i8)(literal > 0 ? MAY_BE_TRUE : MAY_BE_FALSE);
        if (!scratch->may[variable]) result = IMPOSSIBLE;
        i64 opposite = 2 * variable + (literal > 0);
        for (i32 at = circuit->literal_branches[opposite]; at < circuit->literal_branches[opposite + 1]; at++)
            scratch->dead[circuit->branches_with[at]] = 1;
    }
    return result;
}

/* What the true literals of each branch cost; the variables that cost nothing are not looked at. */
static int price(const Circuit *circuit, Scratch *scratch, const i64 *cost, i64 count) {
    u64 total = 0;
    for (i64 branch = 0; branch < circuit->branches; branch++) scratch->cost[branch] = 0;
    for (i64 variable = 1; variable < count; variable++) {
        i64 each = cost[variable];
        if (!each) continue;
        u64 size = each < 0 ? 0 - (u64)each : (u64)each;
        if (size > COST_MAX || (total += size) > COST_MAX) return TOO_LARGE;
        const i32 *from = circuit->literal_branches + 2 * variable;
        for (i32 at = from[0]; at < from[1]; at++) scratch->cost[circuit->branches_with[at]] += each;
    }
    return FOUND;
}

static inline i64 cost_of(const i64 *cost, i64 count, i64 variable) { return variable < count ? cost[variable] : 0; }

/* The lesser and the greater cost of the values that a free variable may have. */
static inline i64 cheaper(i8 may, i64 cost) {
    return may == MAY_BE_TRUE || (may & MAY_BE_TRUE && cost < 0) ? cost : 0;
}

static inline i64 dearer(i8 may, i64 cost) {
    return may == MAY_BE_TRUE || (may & MAY_BE_TRUE && cost > 0) ? cost : 0;
}

/* The pass up */

/* 2^exponent for -1022 <= exponent <= 1023 */
static inline double power(i64 exponent) {
    union { u64 bits; double number; } made = {.bits = (u64)(exponent + 1023) << 52};
    return made.number;
}

/* Bring share, which is at least 1, into 1 <= share < 2. */
static inline void normalize(double *share, i64 *scale) {
    union { double number; u64 bits; } made = {.number = *share};
    i64 exponent = (i64)(made.bits >> 52 & 0x7ff) - 1023;
    made.bits -= (u64)exponent << 52;
    *share = made.number;
    *scale += exponent;
}

static void add(Summary *sum, const Summary *more) {
    if (sum->low == NEVER) {
        *sum = *more;
        return;
    }
    if (more->low < sum->low) sum->low = more->low;
    if (more->high > sum->high) sum->high = more->high;
    i64 apart = sum->scale - more->scale;
    if (apart >= 0) {
        if (apart < 1000) sum->share += more->share * power(-apart);
    } else {
        sum->share = more->share + (apart > -1000 ? sum->share * power(apart) : 0.0);
        sum->scale = more->scale;
    }
    normalize(&sum->share, &sum->scale);
}

/* What a branch comes to; without a solution its cost becomes NEVER. */
static Summary of_branch(const Circuit *circuit, Scratch *scratch, i64 branch, const i64 *cost, i64 count) {
    i64 base = scratch->cost[branch];
    Summary sum = {base, base, 1.0, 0};
    if (scratch->dead[branch]) goto never;
    for (i32 at = circuit->branch_children[branch]; at < circuit->branch_children[branch + 1]; at++) {
        i32 child = circuit->children[at];
        if (scratch->low[child] == NEVER) goto never;
        sum.low += scratch->low[child];
        sum.high += scratch->high[child];
        sum.share *= scratch->share[child];
        sum.scale += scratch->scale[child];
        if (sum.share > 1e200) normalize(&sum.share, &sum.scale);
    }
    normalize(&sum.share, &sum.scale);
    for (i32 at = circuit->branch_free[branch]; at < circuit->branch_free[branch + 1]; at++) {
        i32 variable = circuit->free[at];
        i8 may = scratch->may[variable];
        i64 each = cost_of(cost, count, variable);
        sum.low += cheaper(may, each);
        sum.high += dearer(may, each);
        sum.scale += may == (MAY_BE_TRUE | MAY_BE_FALSE);
    }
    scratch->cost[branch] = sum.low;
    return sum;
never:
    scratch->cost[branch] = NEVER;
    sum.low = NEVER;
    return sum;
}

static int up(const Circuit *circuit, Scratch *scratch, const i64 *cost, i64 count) {
    for (i64 node = 0; node < circuit->nodes; node++) {
        Summary sum = {NEVER, NEVER, 0.0, 0};
        for (i64 branch = circuit->node_branches[node]; branch < circuit->node_branches[node + 1]; branch++) {
            Summary more = of_branch(circuit, scratch, branch, cost, count);
            if (more.low != NEVER) add(&sum, &more);
        }
        scratch->low[node] = sum.low;
        scratch->high[node] = sum.high;
        scratch->share[node] = sum.share;
        scratch->scale[node] = sum.scale;
    }
    return circuit->nodes && scratch->low[circuit->nodes - 1] != NEVER ? FOUND : IMPOSSIBLE;
}

/* The pass down: every branch's cost becomes that of the cheapest solution through it, NEVER where there is none. */

static void down(const Circuit *circuit, Scratch *scratch) {
    for (i64 node = 0; node < circuit->nodes; node++) scratch->around[node] = NEVER;
    scratch->around[circuit->nodes - 1] = 0;
    for (i64 node = circuit->nodes - 1; node >= 0; node--) {
        i64 around = scratch->around[node];
        for (i64 branch = circuit->node_branches[node]; branch < circuit->node_branches[node + 1]; branch++) {
            if (around == NEVER || scratch->cost[branch] == NEVER) {
                scratch->cost[branch] = NEVER;
                continue;
            }
            i64 through = scratch->cost[branch] += around;
            for (i32 at = circuit->branch_children[branch]; at < circuit->branch_children[branch + 1]; at++) {
                i32 child = circuit->children[at];
                i64 less = through - scratch->low[child];
                if (less < scratch->around[child]) scratch->around[child] = less;
            }
        }
    }
}

/* For each variable: can it be true, can it be false, and what does the cheapest solution cost in which it is true? */
static void spread(const Circuit *circuit, const Scratch *scratch, const i64 *cost, i64 count, i8 *in, i8 *out, i64 *low) {
    in[0] = out[0] = 0;
    low[0] = NEVER;
    for (i64 variable = 1; variable <= circuit->variables; variable++) {
        const i32 *from = circuit->literal_branches + 2 * variable;
        i64 least = NEVER;
        for (i32 at = from[0]; at < from[1]; at++) {
            i64 through = scratch->cost[circuit->branches_with[at]];
            if (through < least) least = through;
        }
        low[variable] = least;
        in[variable] = least != NEVER;
        i32 at = from[1];
        while (at < from[2] && scratch->cost[circuit->branches_with[at]] == NEVER) at++;
        out[variable] = at < from[2];
    }
    for (i64 branch = 0; branch < circuit->branches; branch++) {
        i64 through = scratch->cost[branch];
        if (through == NEVER) continue;
        for (i32 at = circuit->branch_free[branch]; at < circuit->branch_free[branch + 1]; at++) {
            i32 variable = circuit->free[at];
            i8 may = scratch->may[variable];
            i64 each = cost_of(cost, count, variable), with = through - cheaper(may, each) + each;
            if (may & MAY_BE_FALSE) out[variable] = 1;
            if (may & MAY_BE_TRUE) {
                in[variable] = 1;
                if (with < low[variable]) low[variable] = with;
            }
        }
    }
}

DOOR int answer(const Circuit *circuit, Scratch *scratch, const i32 *assumptions, i64 assumed, const i64 *cost, i64 count,
                i8 *in, i8 *out, i64 *low, Summary *all) {
    int result = assume(circuit, scratch, assumptions, assumed);
    if (result == FOUND) result = price(circuit, scratch, cost, count);
    if (result == FOUND) result = up(circuit, scratch, cost, count);
    if (result != FOUND) return result;
    i64 root = circuit->nodes - 1;
    *all = (Summary){scratch->low[root], scratch->high[root], scratch->share[root], scratch->scale[root]};
    down(circuit, scratch);
    spread(circuit, scratch, cost, count, in, out, low);
    return FOUND;
}

/* The cheapest solution: from the root down, the first branch that costs least; a free variable is false unless that costs more. */
DOOR int cheapest(const Circuit *circuit, Scratch *scratch, const i32 *assumptions, i64 assumed, const i64 *cost, i64 count,
                  i8 *in) {
    int result = assume(circuit, scratch, assumptions, assumed);
    if (result == FOUND) result = price(circuit, scratch, cost, count);
    if (result == FOUND) result = up(circuit, scratch, cost, count);
    if (result != FOUND) return result;
    for (i64 variable = 0; variable <= circuit->variables; variable++) in[variable] = 0;
    for (i64 node = 0; node < circuit->nodes; node++) scratch->around[node] = 0;
    scratch->around[circuit->nodes - 1] = 1;
    for (i64 node = circuit->nodes - 1; node >= 0; node--) {
        if (!scratch->around[node]) continue;
        i64 branch = circuit->node_branches[node];
        while (scratch->cost[branch] != scratch->low[node]) branch++;
        for (i32 at = circuit->branch_children[branch]; at < circuit->branch_children[branch + 1]; at++)
            scratch->around[circuit->children[at]] = 1;
        for (i32 at = circuit->branch_literals[branch]; at < circuit->branch_literals[branch + 1]; at++)
            if (!(circuit->literals[at] & 1)) in[circuit->literals[at] >> 1] = 1;
        for (i32 at = circuit->branch_free[branch]; at < circuit->branch_free[branch + 1]; at++) {
            i32 variable = circuit->free[at];
            i8 may = scratch->may[variable];
            in[variable] = may == MAY_BE_TRUE || (may & MAY_BE_TRUE && cost_of(cost, count, variable) < 0);
        }
    }
    return FOUND;
}

/* Exact numbers of solutions, least limb first. A number never outgrows the one without assumptions, for which there is room. */

static i64 times(u64 *target, const u64 *left, i64 left_length, const u64 *right, i64 right_length) {
    for (i64 at = 0; at < left_length + right_length; at++) target[at] = 0;
    for (i64 one = 0; one < left_length; one++) {
        u64 carry = 0;
        for (i64 other = 0; other < right_length; other++) {
            u128 sum = (u128)left[one] * right[other] + target[one + other] + carry;
            target[one + other] = (u64)sum;
            carry = (u64)(sum >> 64);
        }
        target[one + right_length] = carry;
    }
    i64 length = left_length + right_length;
    return target[length - 1] ? length : length - 1;
}

static i64 doubled(u64 *number, i64 length, i64 bits) {
    i64 limbs = bits / 64, rest = bits % 64;
    for (i64 at = length + limbs; at >= 0; at--) {
        i64 from = at - limbs;
        u64 above = from >= 0 && from < length ? number[from] : 0, below = from >= 1 ? number[from - 1] : 0;
        number[at] = rest ? above << rest | below >> (64 - rest) : above;
    }
    length += limbs;
    return number[length] ? length + 1 : length;
}

static i64 plus(u64 *number, i64 length, const u64 *more, i64 more_length) {
    u64 carry = 0;
    i64 at = 0;
    for (; at < more_length || carry; at++) {
        u128 sum = (u128)(at < length ? number[at] : 0) + (at < more_length ? more[at] : 0) + carry;
        number[at] = (u64)sum;
        carry = (u64)(sum >> 64);
    }
    return at > length ? at : length;
}

/* The number of solutions of a branch, in one of the two places for products; 0 limbs where there is none. */
static i64 count_branch(const Circuit *circuit, const Scratch *scratch, i64 branch, u64 **where) {
    u64 *product = scratch->product, *other = scratch->product + scratch->product_size;
    i64 length = 1, twice = 0;
    product[0] = 1;
    if (scratch->dead[branch]) return 0;
    for (i32 at = circuit->branch_children[branch]; at < circuit->branch_children[branch + 1]; at++) {
        i32 child = circuit->children[at];
        if (!scratch->length[child]) return 0;
        length = times(other, product, length, scratch->limbs + scratch->node_limbs[child], scratch->length[child]);
        u64 *swap = product;
        product = other;
        other = swap;
    }
    for (i32 at = circuit->branch_free[branch]; at < circuit->branch_free[branch + 1]; at++)
        twice += scratch->may[circuit->free[at]] == (MAY_BE_TRUE | MAY_BE_FALSE);
    *where = product;
    return twice ? doubled(product, length, twice) : length;
}

DOOR int count(const Circuit *circuit, Scratch *scratch, const i32 *assumptions, i64 assumed) {
    int result = assume(circuit, scratch, assumptions, assumed);
    if (result != FOUND) return result;
    for (i64 node = 0; node < circuit->nodes; node++) {
        i64 length = 0;
        for (i64 branch = circuit->node_branches[node]; branch < circuit->node_branches[node + 1]; branch++) {
            u64 *more = 0;
            i64 more_length = count_branch(circuit, scratch, branch, &more);
            if (more_length) length = plus(scratch->limbs + scratch->node_limbs[node], length, more, more_length);
        }
        scratch->length[node] = (i32)length;
    }
    return circuit->nodes && scratch->length[circuit->nodes - 1] ? FOUND : IMPOSSIBLE;
}
