/* Plans of real plants: places operations on machines, operators and tools, and searches better plans by taking some
   operations out and putting them back in another order. Freestanding: no library is called, so one source serves every
   platform; the caller gives the memory and measures the time.

   Method: a serial schedule generation scheme (Kolisch, "Serial and parallel resource-constrained project scheduling
   methods revisited", EJOR 90, 1996) into the gaps of timetables, inside ruin and recreate (Schrimpf et al., "Record
   breaking optimization results using the ruin and recreate principle", J. Comput. Phys. 159, 2000; strings of neighbours
   as in Christiaens and Vanden Berghe, "Slack induction by string removals", Transp. Sci. 54, 2020).

   The layouts of Shop and Numbers are mirrored in native.py. Times are whole numbers from 0, which is now. */

typedef signed char i8;
typedef int i32;
typedef long long i64;
typedef unsigned long long u64;

#ifdef _WIN32
#define DOOR __declspec(dllexport)
int _fltused = 0;
int DllMainCRTStartup(void *module, unsigned reason, void *reserved) { return (void)module, (void)reason, (void)reserved, 1; }
#else
#define DOOR __attribute__((visibility("default")))
#endif

#define NEVER (1LL << 60)
#define NOBODY (-1)

enum { ONE_AT_A_TIME = 0, BATCHES = 1, SHARED = 2 };
enum { BY_DUE_DATE = 0, BY_TARDINESS_COST = 1 };
enum { ROUND_MAX = 400, PULLS = 60, LOGS = 4096, ROLES_MAX = 16, PUT_OFF_MAX = 200, HOT_ROUNDS = 256 };

typedef struct {
    i64 operations, jobs, resources, families, sites, makespan;
    /* operations */
    const i32 *job, *family, *mix;            /* mix: what may share a batch, -1 alone */
    const i64 *release, *latest_start, *latest_end;
    const i8 *fixed;
    const i32 *modes;                         /* operations + 1: where the modes of an operation start */
    const i32 *before, *after;                /* operations + 1: where its edges to earlier and later operations start */
    const i32 *earlier;                       /* edges: the operation before */
    const i64 *least, *most;                  /* edges: lag from its end to our start */
    const i32 *later, *later_edge;            /* the operation after, and that edge's number among the earlier ones */
    const i32 *roles;                         /* operations + 1: one member of each role is needed too */
    const i32 *role_members;                  /* roles + 1 */
    const i32 *members;
    const i32 *home_mode, *home_crew;         /* where it stands now; home_mode -1: nowhere */
    const i64 *home_start;
    /* modes */
    const i64 *duration;
    const i32 *takes;                         /* modes + 1 */
    const i32 *site;                          /* modes: where it is done, -1 for anywhere */
    const i32 *take_resource, *take_amount;
    /* resources */
    const i32 *capacity, *matrix, *first_family;
    const i8 *kind;
    const i32 *closed;                        /* resources + 1 */
    const i64 *closed_start, *closed_end;
    const i32 *rates;                         /* resources + 1 */
    const i64 *rate_start, *rate_end;
    const double *rate;                       /* cost of a unit of time */
    const i64 *room;                          /* resources + 1: where its places start */
    const i64 *setup;                         /* matrices x families x families */
    const i64 *transport;                     /* sites x sites */
    /* jobs */
    const i64 *due, *promise, *limit, *fixed_end, *fixed_begin;
    const double *weight;
    const i32 *job_first, *job_operations;    /* jobs + 1: where its operations start */
    const double *exponential;                /* LOGS draws of an exponential distribution, sorted or not */
    /* what things cost */
    double late, broken, over, complete, flow, setup_cost, moved, changed;
} Shop;

/* What a plan costs, by part. */
typedef struct { double late, broken, over, complete, flow, setups, rates, change, makespan, total, unplaced; } Numbers;

typedef struct { i64 start, end; i32 family, mix, used, head; } Slot; /* head: its first operation */
typedef struct { i64 time; i64 level; } Point;                         /* the amount taken from this time on */
typedef struct { i32 operation, mode; i64 start; i32 crew; } Kept;     /* crew: where its kept crew starts */

typedef struct {
    const Shop *shop;
    u64 chance;
    i32 *mode, *crew, *next, *waits, *tries, *queue, *touched_crew, *best_mode, *best_crew, *pulls, *dirty, *eligible, *hot;
    i64 *start, *end, *not_before, *best_start, *job_end, *job_begin;
    double *key, *job_cost, *own_cost;
    i8 *queued, *is_touched, *is_dirty, *pulled;
    Slot *slots;
    Point *points;
    i64 *count, *stamp;
    Kept *touched;
    i64 queue_size, touched_size, touched_crew_size, dirty_size, pull_size, stamps, rounds, accepted;
    i64 setups, unplaced;
    i64 homing, has_homes, has_rates, choosy, free_count, hot_count;
    i32 *free;                                /* the operations that may move */
    double jobs_cost, own_total, cost, best_cost, hurry;
} Plan;

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

static i64 larger(i64 a, i64 b) { return a > b ? a : b; }
static i64 smaller(i64 a, i64 b) { return a < b ? a : b; }

static u64 draw(Plan *plan) {
    plan->chance ^= plan->chance << 13;
    plan->chance ^= plan->chance >> 7;
    plan->chance ^= plan->chance << 17;
    return plan->chance;
}

static i64 below(Plan *plan, i64 limit) { return limit > 1 ? (i64)((draw(plan) >> 11) % (u64)limit) : 0; }
static int likely(Plan *plan, i64 percent) { return below(plan, 100) < percent; }
static double fraction(Plan *plan) { return (double)(draw(plan) >> 11) * (1.0 / 9007199254740992.0); }

/* Resources */

static i64 setup_between(const Shop *shop, i32 resource, i32 before, i32 after) {
    i32 matrix = shop->matrix[resource];
    if (matrix < 0 || before < 0 || after < 0) return 0;
    return shop->setup[((i64)matrix * shop->families + before) * shop->families + after];
}

/* The end of the first closed time that meets a stretch; -1 when it is open. */
static i64 closed_until(const Shop *shop, i32 resource, i64 start, i64 end) {
    i64 low = shop->closed[resource], high = shop->closed[resource + 1], last = high;
    while (low < high) {
        i64 middle = (low + high) / 2;
        if (shop->closed_end[middle] > start) high = middle;
        else low = middle + 1;
    }
    return low < last && shop->closed_start[low] < end ? shop->closed_end[low] : -1;
}

/* The first slot that ends after a time. */
static i64 slot_after(const Plan *plan, i32 resource, i64 time) {
    const Slot *slots = plan->slots + plan->shop->room[resource];
    i64 low = 0, high = plan->count[resource];
    while (low < high) {
        i64 middle = (low + high) / 2;
        if (slots[middle].end > time) high = middle;
        else low = middle + 1;
    }
    return low;
}

/* What a machine is set up for before a place: what needs no setup leaves it as it is. */
static i32 state_before(const Plan *plan, i32 resource, i64 place) {
    const Slot *slots = plan->slots + plan->shop->room[resource];
    while (place-- > 0)
        if (slots[place].family >= 0) return slots[place].family;
    return plan->shop->first_family[resource];
}

/* The first place from here on that needs a setup or may need one; the number of places if there is none. */
static i64 next_state(const Plan *plan, i32 resource, i64 place) {
    const Slot *slots = plan->slots + plan->shop->room[resource];
    while (place < plan->count[resource] && slots[place].family < 0) place++;
    return place;
}

/* Whether a place of a machine has the time for its setup when the machine is in a state before. */
static int has_setup_time(const Plan *plan, i32 resource, i64 place, i32 state) {
    const Shop *shop = plan->shop;
    const Slot *slots = plan->slots + shop->room[resource];
    i64 setup = setup_between(shop, resource, state, slots[place].family);
    if (!setup) return 1;
    i64 from = slots[place].start - setup;
    return from >= (place ? slots[place - 1].end : 0) && closed_until(shop, resource, from, slots[place].start) < 0;
}

static i64 first_in_slots(const Plan *plan, i32 resource, i64 time, i64 duration, i32 family, i32 mix, i32 amount) {
    const Shop *shop = plan->shop;
    const Slot *slots = plan->slots + shop->room[resource];
    i64 count = plan->count[resource];
    int batches = shop->kind[resource] == BATCHES && mix >= 0, setups = shop->matrix[resource] >= 0;
    i64 place = slot_after(plan, resource, time);
    i32 state = setups ? state_before(plan, resource, place) : -1;
    for (;; place++) {
        const Slot *next = place < count ? slots + place : 0;
        i64 setup = setup_between(shop, resource, state, family);
        i64 setup_next = next ? setup_between(shop, resource, family >= 0 ? family : state, next->family) : 0;
        i64 until = next ? next->start - setup_next : NEVER;
        i64 start = larger(time, (place ? slots[place - 1].end : 0) + setup);
        while (start + duration <= until) {
            i64 closed = closed_until(shop, resource, start - setup, start + duration);
            if (closed >= 0) {
                start = closed + setup;
                continue;
            }
            if (setup_next && closed_until(shop, resource, until, next->start) >= 0) break;
            if (setups && next && next->family < 0 && family >= 0) {
                i64 later = next_state(plan, resource, place);
                if (later < count && !has_setup_time(plan, resource, later, family)) break;
            }
            return start;
        }
        if (!next) return NEVER;
        if (batches && next->start >= time && next->mix == mix && next->family == family &&
            next->end - next->start == duration && next->used + amount <= shop->capacity[resource])
            return next->start;
        if (next->family >= 0) state = next->family;
    }
}

/* The last point at or before a time; the first point lies before everything. */
static i64 point_at(const Plan *plan, i32 resource, i64 time) {
    const Point *points = plan->points + plan->shop->room[resource];
    i64 low = 0, high = plan->count[resource] - 1;
    while (low < high) {
        i64 middle = (low + high + 1) / 2;
        if (points[middle].time <= time) low = middle;
        else high = middle - 1;
    }
    return low;
}

static i64 first_in_points(const Plan *plan, i32 resource, i64 time, i64 duration, i32 amount) {
    const Shop *shop = plan->shop;
    const Point *points = plan->points + shop->room[resource];
    i64 count = plan->count[resource], room = shop->capacity[resource] - amount;
    if (room < 0) return NEVER;
    for (i64 start = time;;) {
        i64 moved = start;
        for (i64 place = point_at(plan, resource, start); place < count && points[place].time < moved + duration; place++)
            if (points[place].level > room) moved = place + 1 < count ? points[place + 1].time : NEVER;
        if (moved >= NEVER) return NEVER;
        i64 closed = closed_until(shop, resource, moved, moved + duration);
        if (closed < 0) return moved;
        start = closed;
    }
}

static i64 first_on(const Plan *plan, i32 resource, i64 time, i64 duration, i32 operation, i32 amount) {
    const Shop *shop = plan->shop;
    if (!duration) return time;
    if (shop->kind[resource] == SHARED) return first_in_points(plan, resource, time, duration, amount);
    return first_in_slots(plan, resource, time, duration, shop->family[operation], shop->mix[operation], amount);
}

/* 1 when the place is new, 0 when a batch was joined. */
static int add_slot(Plan *plan, i32 resource, i64 start, i64 end, i32 operation, i32 amount) {
    const Shop *shop = plan->shop;
    Slot *slots = plan->slots + shop->room[resource];
    i64 count = plan->count[resource], place = slot_after(plan, resource, start);
    i32 family = shop->family[operation], mix = shop->mix[operation];
    if (place < count && shop->kind[resource] == BATCHES && slots[place].start == start) {
        slots[place].used += amount;
        plan->next[operation] = slots[place].head;
        slots[place].head = operation;
        return 0;
    }
    if (shop->matrix[resource] >= 0 && family >= 0) {
        i64 later = next_state(plan, resource, place);
        i32 state = state_before(plan, resource, place);
        if (later < count)
            plan->setups += setup_between(shop, resource, family, slots[later].family) -
                            setup_between(shop, resource, state, slots[later].family);
        plan->setups += setup_between(shop, resource, state, family);
    }
    for (i64 each = count; each > place; each--) slots[each] = slots[each - 1];
    slots[place] = (Slot){start, end, family, mix, amount, operation};
    if (shop->kind[resource] == BATCHES) plan->next[operation] = NOBODY;
    plan->count[resource]++;
    return 1;
}

/* 1 when the place is gone, 0 when others stay in its batch. */
static int remove_slot(Plan *plan, i32 resource, i64 start, i32 operation, i32 amount) {
    const Shop *shop = plan->shop;
    Slot *slots = plan->slots + shop->room[resource];
    i64 place = slot_after(plan, resource, start);
    if (shop->kind[resource] == BATCHES && (slots[place].head != operation || plan->next[operation] >= 0)) {
        i32 *link = &slots[place].head;
        while (*link != operation) link = &plan->next[*link];
        *link = plan->next[operation];
        slots[place].used -= amount;
        return 0;
    }
    i64 count = --plan->count[resource];
    i32 family = slots[place].family;
    for (i64 each = place; each < count; each++) slots[each] = slots[each + 1];
    if (shop->matrix[resource] >= 0 && family >= 0) {
        i64 later = next_state(plan, resource, place);
        i32 state = state_before(plan, resource, place);
        plan->setups -= setup_between(shop, resource, state, family);
        if (later < count)
            plan->setups += setup_between(shop, resource, state, slots[later].family) -
                            setup_between(shop, resource, family, slots[later].family);
    }
    return 1;
}

/* The index of a point exactly at a time, made if there is none. */
static i64 split_at(Plan *plan, i32 resource, i64 time) {
    Point *points = plan->points + plan->shop->room[resource];
    i64 place = point_at(plan, resource, time);
    if (points[place].time == time) return place;
    for (i64 each = plan->count[resource]++; each > place + 1; each--) points[each] = points[each - 1];
    points[place + 1] = (Point){time, points[place].level};
    return place + 1;
}

static void join_at(Plan *plan, i32 resource, i64 place) {
    Point *points = plan->points + plan->shop->room[resource];
    if (place < 1 || points[place].level != points[place - 1].level) return;
    i64 count = --plan->count[resource];
    for (i64 each = place; each < count; each++) points[each] = points[each + 1];
}

static void add_points(Plan *plan, i32 resource, i64 start, i64 end, i64 amount) {
    Point *points = plan->points + plan->shop->room[resource];
    i64 from = split_at(plan, resource, start), past = split_at(plan, resource, end);
    for (i64 each = from; each < past; each++) points[each].level += amount;
    join_at(plan, resource, past);
    join_at(plan, resource, from);
}

static int occupy(Plan *plan, i32 resource, i32 operation, i32 amount) {
    i64 start = plan->start[operation], end = plan->end[operation];
    plan->stamp[resource] = ++plan->stamps;
    if (start == end) return 1;
    if (plan->shop->kind[resource] != SHARED) return add_slot(plan, resource, start, end, operation, amount);
    add_points(plan, resource, start, end, amount);
    return 1;
}

static int vacate(Plan *plan, i32 resource, i32 operation, i32 amount) {
    i64 start = plan->start[operation], end = plan->end[operation];
    plan->stamp[resource] = ++plan->stamps;
    if (start == end) return 1;
    if (plan->shop->kind[resource] != SHARED) return remove_slot(plan, resource, start, operation, amount);
    add_points(plan, resource, start, end, -amount);
    return 1;
}

static i32 machine_of(const Shop *shop, i32 mode) {
    return shop->takes[mode] < shop->takes[mode + 1] ? shop->take_resource[shop->takes[mode]] : NOBODY;
}

static i64 transport_between(const Shop *shop, i32 mode_before, i32 mode_after) {
    if (!shop->sites) return 0;
    i32 from = shop->site[mode_before], to = shop->site[mode_after];
    return from < 0 || to < 0 ? 0 : shop->transport[from * shop->sites + to];
}

/* Operations */

static double rates_of(const Shop *shop, i32 resource, i64 start, i64 end) {
    double cost = 0;
    i64 low = shop->rates[resource], high = shop->rates[resource + 1], last = high;
    while (low < high) {
        i64 middle = (low + high) / 2;
        if (shop->rate_end[middle] > start) high = middle;
        else low = middle + 1;
    }
    for (; low < last && shop->rate_start[low] < end; low++)
        cost += shop->rate[low] * (double)(smaller(end, shop->rate_end[low]) - larger(start, shop->rate_start[low]));
    return cost;
}

static double rate_cost(const Plan *plan, i32 operation, i32 mode, i64 start) {
    const Shop *shop = plan->shop;
    double cost = 0;
    i64 end = start + shop->duration[mode];
    for (i32 take = shop->takes[mode]; take < shop->takes[mode + 1]; take++)
        cost += rates_of(shop, shop->take_resource[take], start, end);
    for (i32 role = shop->roles[operation]; role < shop->roles[operation + 1]; role++)
        if (plan->crew[role] >= 0) cost += rates_of(shop, plan->crew[role], start, end);
    return cost;
}

static double change_cost(const Plan *plan, i32 operation) {
    const Shop *shop = plan->shop;
    if (shop->home_mode[operation] < 0) return 0;
    if (plan->mode[operation] != shop->home_mode[operation]) return shop->moved + shop->changed;
    if (plan->start[operation] != shop->home_start[operation]) return shop->moved;
    for (i32 role = shop->roles[operation]; role < shop->roles[operation + 1]; role++)
        if (plan->crew[role] != shop->home_crew[role]) return shop->moved;
    return 0;
}

static double own_cost(const Plan *plan, i32 operation) {
    if (plan->shop->fixed[operation]) return 0;
    double cost = change_cost(plan, operation);
    if (plan->has_rates) cost += rate_cost(plan, operation, plan->mode[operation], plan->start[operation]);
    return cost;
}

static void mark_job(Plan *plan, i32 operation) {
    i32 job = plan->shop->job[operation];
    if (job < 0 || plan->is_dirty[job]) return;
    plan->is_dirty[job] = 1;
    plan->dirty[plan->dirty_size++] = job;
}

static void set_down(Plan *plan, i32 operation, i32 mode, i64 start) {
    const Shop *shop = plan->shop;
    plan->mode[operation] = mode;
    plan->start[operation] = start;
    plan->end[operation] = start + shop->duration[mode];
    int is_new = 1; /* a batch has its crew once */
    for (i32 take = shop->takes[mode]; take < shop->takes[mode + 1]; take++)
        is_new &= occupy(plan, shop->take_resource[take], operation, shop->take_amount[take]);
    for (i32 role = shop->roles[operation]; is_new && role < shop->roles[operation + 1]; role++)
        if (plan->crew[role] >= 0) occupy(plan, plan->crew[role], operation, 1);
    for (i32 edge = shop->after[operation]; edge < shop->after[operation + 1]; edge++) plan->waits[shop->later[edge]]--;
    plan->own_cost[operation] = own_cost(plan, operation);
    plan->own_total += plan->own_cost[operation];
    plan->unplaced--;
    mark_job(plan, operation);
}

static void take_up(Plan *plan, i32 operation) {
    const Shop *shop = plan->shop;
    i32 mode = plan->mode[operation];
    int is_gone = 1;
    for (i32 take = shop->takes[mode]; take < shop->takes[mode + 1]; take++)
        is_gone &= vacate(plan, shop->take_resource[take], operation, shop->take_amount[take]);
    for (i32 role = shop->roles[operation]; is_gone && role < shop->roles[operation + 1]; role++)
        if (plan->crew[role] >= 0) vacate(plan, plan->crew[role], operation, 1);
    for (i32 edge = shop->after[operation]; edge < shop->after[operation + 1]; edge++) plan->waits[shop->later[edge]]++;
    plan->own_total -= plan->own_cost[operation];
    plan->mode[operation] = NOBODY;
    plan->unplaced++;
    mark_job(plan, operation);
}

static void touch(Plan *plan, i32 operation) {
    const Shop *shop = plan->shop;
    if (plan->is_touched[operation]) return;
    plan->is_touched[operation] = 1;
    Kept *kept = plan->touched + plan->touched_size++;
    *kept = (Kept){operation, plan->mode[operation], plan->start[operation], (i32)plan->touched_crew_size};
    for (i32 role = shop->roles[operation]; role < shop->roles[operation + 1]; role++)
        plan->touched_crew[plan->touched_crew_size++] = plan->crew[role];
}

static void enqueue(Plan *plan, i32 operation) {
    if (plan->queued[operation]) return;
    plan->queued[operation] = 1;
    plan->queue[plan->queue_size++] = operation;
}

/* The first place from here on whose setup has no time any more; -1: none. */
static i64 without_setup_time(const Plan *plan, i32 resource, i64 place) {
    if (plan->shop->matrix[resource] < 0) return -1;
    i64 later = next_state(plan, resource, place);
    if (later >= plan->count[resource]) return -1;
    return has_setup_time(plan, resource, later, state_before(plan, resource, later)) ? -1 : later;
}

static void note_pull(Plan *plan, i32 operation) {
    if (plan->pulled[operation] || plan->pull_size >= ROUND_MAX) return;
    plan->pulled[operation] = 1;
    plan->pulls[plan->pull_size++] = operation;
}

static int lift(Plan *plan, i32 operation);

/* After something left a machine: what comes next may begin earlier, or may have too long a setup now. */
static int mend(Plan *plan, i32 resource, i64 time) {
    const Shop *shop = plan->shop;
    if (shop->kind[resource] == SHARED) return 1;
    const Slot *slots = plan->slots + shop->room[resource];
    i64 place = slot_after(plan, resource, time);
    if (place >= plan->count[resource]) return 1;
    if (slots[place].start > time) note_pull(plan, slots[place].head);
    for (i64 late; (late = without_setup_time(plan, resource, slot_after(plan, resource, time))) >= 0;)
        if (!lift(plan, slots[late].head)) return 0;
    return 1;
}

/* Take an operation out and let it wait to be put back. 0: something that stays is in the way of that. */
static int lift(Plan *plan, i32 operation) {
    const Shop *shop = plan->shop;
    if (plan->mode[operation] < 0) return 1;
    if (shop->fixed[operation]) return 0;
    i32 mode = plan->mode[operation];
    i64 start = plan->start[operation];
    touch(plan, operation);
    take_up(plan, operation);
    enqueue(plan, operation);
    if (plan->touched_size >= ROUND_MAX) return 0;
    for (i32 take = shop->takes[mode]; take < shop->takes[mode + 1]; take++)
        if (!mend(plan, shop->take_resource[take], start)) return 0;
    return 1;
}

static i64 earliest(const Plan *plan, i32 operation, i32 mode) {
    const Shop *shop = plan->shop;
    i64 time = larger(shop->release[operation], plan->not_before[operation]);
    for (i32 edge = shop->before[operation]; edge < shop->before[operation + 1]; edge++) {
        i32 other = shop->earlier[edge];
        if (plan->mode[other] < 0) continue;
        time = larger(time, plan->end[other] + shop->least[edge] + transport_between(shop, plan->mode[other], mode));
    }
    return time;
}

static int is_taken(const Plan *plan, i32 operation, i32 mode, i32 role, i32 member) {
    const Shop *shop = plan->shop;
    for (i32 take = shop->takes[mode]; take < shop->takes[mode + 1]; take++)
        if (shop->take_resource[take] == member) return 1;
    for (i32 each = shop->roles[operation]; each < role; each++)
        if (plan->crew[each] == member) return 1;
    return 0;
}

/* Whether an operation would join a batch, whose crew it then has. Only where its crew is chosen among members. */
static int joins_batch(Plan *plan, i32 operation, i32 mode, i64 start) {
    const Shop *shop = plan->shop;
    i32 machine = machine_of(shop, mode), first = shop->roles[operation], roles = shop->roles[operation + 1] - first;
    if (!roles || machine < 0 || shop->kind[machine] != BATCHES || shop->mix[operation] < 0) return 0;
    i64 place = slot_after(plan, machine, start);
    const Slot *slots = plan->slots + shop->room[machine];
    if (place >= plan->count[machine] || slots[place].start != start) return 0;
    i32 other = shop->roles[slots[place].head];
    for (i32 role = 0; role < roles; role++) plan->crew[first + role] = plan->crew[other + role];
    return 1;
}

/* The first time from `time` at which an operation can be done in a mode, with its crew; writes the crew. */
static i64 first_fit(Plan *plan, i32 operation, i32 mode, i64 time) {
    const Shop *shop = plan->shop;
    i64 duration = shop->duration[mode];
    for (;;) {
        i64 start = time;
        for (i32 take = shop->takes[mode]; take < shop->takes[mode + 1]; take++) {
            start = first_on(plan, shop->take_resource[take], start, duration, operation, shop->take_amount[take]);
            if (start >= NEVER) return NEVER;
        }
        if (joins_batch(plan, operation, mode, start)) return start;
        for (i32 role = shop->roles[operation]; role < shop->roles[operation + 1]; role++) {
            i64 best = NEVER;
            i32 chosen = NOBODY, home = shop->home_crew[role];
            if (home >= 0 && !is_taken(plan, operation, mode, role, home)) {
                best = first_on(plan, home, start, duration, operation, 1);
                chosen = home;
            }
            i32 from = shop->role_members[role], size = shop->role_members[role + 1] - from;
            i32 turn = (i32)below(plan, size);
            for (i32 each = 0; each < size && best > start; each++) {
                i32 member = shop->members[from + (each + turn) % size];
                if (member == home || is_taken(plan, operation, mode, role, member)) continue;
                i64 free = first_on(plan, member, start, duration, operation, 1);
                if (free < best) best = free, chosen = member;
            }
            if (best >= NEVER) return NEVER;
            plan->crew[role] = chosen;
            start = best;
        }
        if (start == time) return start;
        time = start;
    }
}

static i64 setup_before(const Plan *plan, i32 operation, i32 mode, i64 start) {
    i32 resource = machine_of(plan->shop, mode);
    if (resource < 0 || plan->shop->matrix[resource] < 0) return 0;
    i64 place = slot_after(plan, resource, start);
    return setup_between(plan->shop, resource, state_before(plan, resource, place), plan->shop->family[operation]);
}

/* Choose how and when an operation is done: ends early, costs little. Writes mode, start and crew; 0: never. */
static int choose(Plan *plan, i32 operation, i32 *mode, i64 *start) {
    const Shop *shop = plan->shop;
    i32 first = shop->roles[operation], roles = shop->roles[operation + 1] - first;
    i32 crew[ROLES_MAX];
    i32 home = shop->home_mode[operation];
    if (roles > ROLES_MAX) return 0;
    if (plan->homing && home >= 0) {
        i64 time = shop->home_start[operation];
        if (earliest(plan, operation, home) <= time && first_fit(plan, operation, home, time) == time) {
            *mode = home, *start = time;
            return 1;
        }
    }
    double best = 1e300;
    i32 from = shop->modes[operation], past = shop->modes[operation + 1];
    i32 job = shop->job[operation];
    double weight = job >= 0 ? shop->weight[job] : 1.0;
    for (i32 each = from; each < past; each++) {
        if (plan->choosy && past - from > 1 && likely(plan, 15)) continue;
        i64 time = first_fit(plan, operation, each, earliest(plan, operation, each));
        if (time >= NEVER) continue;
        double value = (double)(time + shop->duration[each]) * plan->hurry * (weight > 0 ? weight : 1e-3);
        if (plan->has_rates) value += rate_cost(plan, operation, each, time);
        if (home >= 0 && each != home) value += shop->changed;
        if (shop->setup_cost > 0) value += shop->setup_cost * (double)setup_before(plan, operation, each, time);
        if (value >= best) continue;
        best = value, *mode = each, *start = time;
        for (i32 role = 0; role < roles; role++) crew[role] = plan->crew[first + role];
    }
    if (best >= 1e300) {
        if (!plan->choosy) return 0;
        i64 was = plan->choosy;
        plan->choosy = 0;
        int found = choose(plan, operation, mode, start);
        plan->choosy = was;
        return found;
    }
    for (i32 role = 0; role < roles; role++) plan->crew[first + role] = crew[role];
    return 1;
}

/* Let an operation begin later, because what follows it can't begin soon enough after it. */
static int put_off(Plan *plan, i32 operation, i64 start) {
    if (++plan->tries[operation] > PUT_OFF_MAX) return 0;
    plan->not_before[operation] = larger(plan->not_before[operation], start);
    return lift(plan, operation);
}

/* Put an operation where it was chosen to be; what is in the way of the order is lifted. 0: it can't be done so. */
static int put(Plan *plan, i32 operation, i32 mode, i64 start) {
    const Shop *shop = plan->shop;
    if (start > shop->latest_start[operation] || start + shop->duration[mode] > shop->latest_end[operation]) return 0;
    int waits_too_long = 0;
    for (i32 edge = shop->before[operation]; edge < shop->before[operation + 1]; edge++) {
        i32 other = shop->earlier[edge];
        if (plan->mode[other] < 0 || start <= plan->end[other] + shop->most[edge]) continue;
        waits_too_long = 1;
        if (!put_off(plan, other, start - shop->most[edge] - (plan->end[other] - plan->start[other]))) return 0;
    }
    if (waits_too_long) return 1;
    set_down(plan, operation, mode, start);
    plan->queued[operation] = 0;
    for (i32 edge = shop->after[operation]; edge < shop->after[operation + 1]; edge++) {
        i32 other = shop->later[edge], lag = shop->later_edge[edge];
        if (plan->mode[other] < 0) continue;
        i64 from = plan->end[operation] + shop->least[lag] + transport_between(shop, mode, plan->mode[other]);
        if (plan->start[other] < from || plan->start[other] > plan->end[operation] + shop->most[lag]) {
            if (!lift(plan, other)) return 0;
        } else if (plan->start[other] > from) note_pull(plan, other);
    }
    return 1;
}

/* Put back everything that waits, the lowest key first. */
static int recreate(Plan *plan) {
    i64 budget = 60 + 12 * plan->queue_size;
    while (plan->queue_size) {
        i64 best = -1;
        for (i64 place = 0; place < plan->queue_size; place++) {
            i32 operation = plan->queue[place];
            if (plan->waits[operation]) continue;
            if (best < 0 || plan->key[operation] < plan->key[plan->queue[best]]) best = place;
        }
        if (best < 0 || !budget--) return 0;
        i32 operation = plan->queue[best], mode = 0;
        i64 start = 0;
        if (!choose(plan, operation, &mode, &start)) return 0;
        plan->queue[best] = plan->queue[--plan->queue_size];
        plan->queued[operation] = 0;
        if (!put(plan, operation, mode, start)) return 0;
        if (plan->mode[operation] < 0) enqueue(plan, operation);
    }
    return 1;
}

/* Let an operation begin earlier on the same machine if it can, whatever else stays as it is. */
static void pull(Plan *plan, i32 operation) {
    const Shop *shop = plan->shop;
    i32 mode = plan->mode[operation];
    if (mode < 0 || shop->fixed[operation]) return;
    i64 start = plan->start[operation], from = earliest(plan, operation, mode);
    if (from >= start || plan->touched_size >= ROUND_MAX) return;
    i32 first = shop->roles[operation], roles = shop->roles[operation + 1] - first, crew[ROLES_MAX];
    if (roles > ROLES_MAX) return;
    for (i32 role = 0; role < roles; role++) crew[role] = plan->crew[first + role];
    take_up(plan, operation);
    i64 found = first_fit(plan, operation, mode, from);
    int better = found < start;
    for (i32 take = shop->takes[mode]; better && take < shop->takes[mode + 1]; take++) {
        i32 resource = shop->take_resource[take];
        if (shop->kind[resource] != SHARED) better = without_setup_time(plan, resource, slot_after(plan, resource, start)) < 0;
    }
    for (i32 edge = shop->after[operation]; better && edge < shop->after[operation + 1]; edge++)
        better = plan->start[shop->later[edge]] <= found + shop->duration[mode] + shop->most[shop->later_edge[edge]];
    if (!better) {
        for (i32 role = 0; role < roles; role++) plan->crew[first + role] = crew[role];
        set_down(plan, operation, mode, start);
        return;
    }
    if (!plan->is_touched[operation]) { /* as `touch`, with where it was */
        plan->is_touched[operation] = 1;
        plan->touched[plan->touched_size++] = (Kept){operation, mode, start, (i32)plan->touched_crew_size};
        for (i32 role = 0; role < roles; role++) plan->touched_crew[plan->touched_crew_size++] = crew[role];
    }
    set_down(plan, operation, mode, found);
    for (i32 take = shop->takes[mode]; take < shop->takes[mode + 1]; take++) {
        i32 resource = shop->take_resource[take];
        if (shop->kind[resource] == SHARED) continue;
        i64 place = slot_after(plan, resource, start);
        if (place < plan->count[resource]) note_pull(plan, plan->slots[shop->room[resource] + place].head);
    }
    for (i32 edge = shop->after[operation]; edge < shop->after[operation + 1]; edge++) note_pull(plan, shop->later[edge]);
}

static void pull_all(Plan *plan, i64 most) {
    for (i64 place = 0; place < plan->pull_size; place++) {
        i32 operation = plan->pulls[place];
        plan->pulled[operation] = 0;
        if (place < most) pull(plan, operation);
    }
    plan->pull_size = 0;
}

/* Cost */

static double cost_of_job(Plan *plan, i32 job) {
    const Shop *shop = plan->shop;
    i64 end = shop->fixed_end[job], begin = shop->fixed_begin[job];
    for (i32 each = shop->job_first[job]; each < shop->job_first[job + 1]; each++) {
        i32 operation = shop->job_operations[each];
        if (plan->mode[operation] < 0) continue;
        end = larger(end, plan->end[operation]);
        begin = smaller(begin, plan->start[operation]);
    }
    plan->job_end[job] = end;
    plan->job_begin[job] = begin;
    double cost = shop->complete * (double)end;
    if (end > shop->due[job]) cost += shop->late * (double)(end - shop->due[job]);
    if (end > shop->promise[job]) cost += shop->broken;
    if (shop->flow > 0 && begin < end) cost += shop->flow * (double)(end - begin);
    cost *= shop->weight[job];
    if (end > shop->limit[job]) cost += shop->over * (1e6 + (double)(end - shop->limit[job]));
    return cost;
}

static double evaluate(Plan *plan) {
    const Shop *shop = plan->shop;
    while (plan->dirty_size) {
        i32 job = plan->dirty[--plan->dirty_size];
        plan->is_dirty[job] = 0;
        plan->jobs_cost -= plan->job_cost[job];
        plan->job_cost[job] = cost_of_job(plan, job);
        plan->jobs_cost += plan->job_cost[job];
    }
    plan->cost = plan->jobs_cost + plan->own_total + shop->setup_cost * (double)plan->setups;
    if (shop->makespan) {
        i64 last = 0;
        for (i64 job = 0; job < shop->jobs; job++) last = larger(last, plan->job_end[job]);
        plan->cost += shop->late * (double)last;
    }
    return plan->cost;
}

static void recount(Plan *plan) {
    const Shop *shop = plan->shop;
    plan->jobs_cost = plan->own_total = 0;
    for (i64 job = 0; job < shop->jobs; job++) {
        plan->job_cost[job] = cost_of_job(plan, (i32)job);
        plan->jobs_cost += plan->job_cost[job];
        plan->is_dirty[job] = 0;
    }
    plan->dirty_size = 0;
    for (i64 each = 0; each < plan->free_count; each++) {
        i32 operation = plan->free[each];
        if (plan->mode[operation] < 0) continue;
        plan->own_cost[operation] = own_cost(plan, operation);
        plan->own_total += plan->own_cost[operation];
    }
    evaluate(plan);
}

/* Rounds */

static void begin_round(Plan *plan) {
    plan->touched_size = plan->touched_crew_size = plan->queue_size = plan->pull_size = 0;
}

static void forget_round(Plan *plan) {
    for (i64 each = 0; each < plan->touched_size; each++) {
        i32 operation = plan->touched[each].operation;
        plan->is_touched[operation] = 0;
        plan->not_before[operation] = 0;
        plan->tries[operation] = 0;
    }
    for (i64 each = 0; each < plan->queue_size; each++) plan->queued[plan->queue[each]] = 0;
    for (i64 each = 0; each < plan->pull_size; each++) plan->pulled[plan->pulls[each]] = 0;
    plan->queue_size = plan->pull_size = 0;
}

static void undo(Plan *plan) {
    const Shop *shop = plan->shop;
    for (i64 each = 0; each < plan->touched_size; each++)
        if (plan->mode[plan->touched[each].operation] >= 0) take_up(plan, plan->touched[each].operation);
    for (i64 each = 0; each < plan->touched_size; each++) {
        Kept *kept = plan->touched + each;
        i32 first = shop->roles[kept->operation], roles = shop->roles[kept->operation + 1] - first;
        for (i32 role = 0; role < roles; role++) plan->crew[first + role] = plan->touched_crew[kept->crew + role];
        set_down(plan, kept->operation, kept->mode, kept->start);
    }
    forget_round(plan);
    evaluate(plan);
}

static void keep_best(Plan *plan) {
    const Shop *shop = plan->shop;
    plan->best_cost = plan->cost;
    for (i64 each = 0; each < shop->operations; each++)
        plan->best_mode[each] = plan->mode[each], plan->best_start[each] = plan->start[each];
    for (i64 role = 0; role < shop->roles[shop->operations]; role++) plan->best_crew[role] = plan->crew[role];
}

/* A job that is worth looking at: of a few drawn, the one whose lateness costs most. */
static i32 worst_job(Plan *plan, i64 draws) {
    const Shop *shop = plan->shop;
    i32 worst = NOBODY;
    double most = -1;
    for (i64 each = 0; each < draws; each++) {
        i32 job = (i32)below(plan, shop->jobs);
        if (shop->job_first[job] == shop->job_first[job + 1]) continue;
        double cost = plan->job_cost[job] - shop->weight[job] * shop->complete * (double)plan->job_end[job];
        if (shop->makespan) cost = (double)plan->job_end[job];
        if (cost > most) most = cost, worst = job;
    }
    return worst;
}

/* An operation of a job, rather one that has to wait for its machine. */
static i32 waiting_operation(Plan *plan, i32 job) {
    const Shop *shop = plan->shop;
    i32 first = shop->job_first[job], size = shop->job_first[job + 1] - first, chosen = NOBODY;
    for (i32 each = 0; each < 4; each++) {
        i32 operation = shop->job_operations[first + (i32)below(plan, size)];
        if (plan->mode[operation] < 0) continue;
        chosen = operation;
        if (plan->start[operation] > earliest(plan, operation, plan->mode[operation])) break;
    }
    return chosen;
}

static int lift_slots(Plan *plan, i32 resource, i64 from, i64 until, i64 most) {
    const Slot *slots = plan->slots + plan->shop->room[resource];
    i64 place = slot_after(plan, resource, from);
    while (most > 0 && place < plan->count[resource] && slots[place].start < until) {
        i32 head = slots[place].head;
        if (plan->shop->fixed[head]) {
            place++;
            continue;
        }
        if (!lift(plan, head)) return 0;
        most--;
        while (place < plan->count[resource] && slots[place].end <= from) place++;
    }
    return 1;
}

/* What runs on a shared resource in a stretch, found through the operations of a drawn job or others that may move. */
static int lift_users(Plan *plan, i32 resource, i64 from, i64 until, i64 most) {
    const Shop *shop = plan->shop;
    for (i64 draws = 0; draws < 24 && most > 0; draws++) {
        i32 operation = plan->free[below(plan, plan->free_count)], mode = plan->mode[operation];
        if (mode < 0 || plan->end[operation] <= from || plan->start[operation] >= until) continue;
        for (i32 take = shop->takes[mode]; take < shop->takes[mode + 1]; take++)
            if (shop->take_resource[take] == resource) {
                if (!lift(plan, operation)) return 0;
                most--;
                break;
            }
    }
    return 1;
}

static int lift_stretch(Plan *plan, i32 resource, i64 from, i64 until, i64 most) {
    if (plan->shop->kind[resource] == SHARED) return lift_users(plan, resource, from, until, most);
    return lift_slots(plan, resource, from, until, most);
}

static int lift_job(Plan *plan, i32 job) {
    const Shop *shop = plan->shop;
    for (i32 each = shop->job_first[job + 1] - 1; each >= shop->job_first[job]; each--)
        if (!lift(plan, shop->job_operations[each])) return 0;
    return 1;
}

/* A stretch of a machine before and around an operation that waits there. */
static int ruin_string(Plan *plan, i32 seed) {
    const Shop *shop = plan->shop;
    i32 resource = machine_of(shop, plan->mode[seed]);
    if (resource < 0) return lift(plan, seed);
    i64 length = shop->duration[plan->mode[seed]], from = earliest(plan, seed, plan->mode[seed]);
    i64 start = plan->start[seed];
    i64 reach = length * (1 + below(plan, 5));
    if (from < start - reach) from = likely(plan, 50) ? start - reach : from + below(plan, start - from);
    i64 until = likely(plan, 50) ? start + length : from + reach;
    if (!lift(plan, seed)) return 0;
    return lift_stretch(plan, resource, from, larger(until, from + length), 1 + below(plan, 10));
}

/* Whole jobs that meet on machines. */
static int ruin_jobs(Plan *plan, i32 seed) {
    const Shop *shop = plan->shop;
    i32 job = shop->job[seed];
    for (i64 number = 1 + below(plan, 4); number > 0; number--) {
        i32 first = shop->job_first[job], size = shop->job_first[job + 1] - first;
        if (!size) return 1;
        i32 operation = shop->job_operations[first + (i32)below(plan, size)], other = job;
        i32 resource = plan->mode[operation] < 0 ? NOBODY : machine_of(shop, plan->mode[operation]);
        if (resource >= 0 && shop->kind[resource] != SHARED) {
            i64 place = slot_after(plan, resource, plan->start[operation]) - 3 + below(plan, 7);
            if (place >= 0 && place < plan->count[resource]) other = shop->job[plan->slots[shop->room[resource] + place].head];
        }
        if (!lift_job(plan, job)) return 0;
        job = other >= 0 ? other : (i32)below(plan, shop->jobs);
    }
    return 1;
}

/* A time on several machines: where the seed runs, and where its neighbours do. */
static int ruin_window(Plan *plan, i32 seed) {
    const Shop *shop = plan->shop;
    i64 length = shop->duration[plan->mode[seed]];
    i64 from = plan->start[seed] - below(plan, 1 + 4 * length), until = plan->start[seed] + below(plan, 1 + 4 * length);
    i32 job = shop->job[seed];
    for (i32 each = shop->job_first[job]; each < shop->job_first[job + 1]; each++) {
        i32 operation = shop->job_operations[each];
        if (plan->mode[operation] < 0 || !likely(plan, 60)) continue;
        i32 resource = machine_of(shop, plan->mode[operation]);
        i64 shift = plan->start[operation] - plan->start[seed];
        if (resource >= 0 && !lift_stretch(plan, resource, from + shift, until + shift, 4)) return 0;
    }
    return lift(plan, seed);
}

/* Another machine for an operation, which goes first there. */
static int ruin_elsewhere(Plan *plan, i32 seed) {
    const Shop *shop = plan->shop;
    i32 from = shop->modes[seed], choices = shop->modes[seed + 1] - from;
    i32 mode = from + (i32)below(plan, choices), resource = machine_of(shop, mode);
    i64 start = earliest(plan, seed, mode);
    if (!lift(plan, seed)) return 0;
    if (resource < 0) return 1;
    return lift_stretch(plan, resource, start, start + shop->duration[mode] * (1 + below(plan, 3)), 1 + below(plan, 5));
}

/* Let an operation wait for a better hour: only where hours have prices, or where work in process costs. */
static int ruin_later(Plan *plan, i32 seed) {
    i64 start = plan->start[seed];
    i64 slack = plan->job_end[plan->shop->job[seed]] - start;
    if (!lift(plan, seed)) return 0;
    plan->not_before[seed] = start + below(plan, larger(2, slack * 2));
    return 1;
}

static void order_queue(Plan *plan, i32 seed) {
    const Shop *shop = plan->shop;
    i64 way = below(plan, 5);
    double spread = 0;
    for (i64 each = 0; each < plan->touched_size; each++) spread += (double)shop->duration[plan->touched[each].mode];
    spread /= (double)(plan->touched_size ? plan->touched_size : 1);
    for (i64 each = 0; each < plan->touched_size; each++) {
        const Kept *kept = plan->touched + each;
        i32 operation = kept->operation, job = shop->job[operation];
        double key = (double)kept->start;
        if (way == 1) key = (double)(smaller(shop->due[job], NEVER / 4) - (plan->job_end[job] - kept->start));
        if (way == 2) key = fraction(plan);
        if (way == 3) key += (fraction(plan) - 0.5) * 6.0 * spread;
        if (way == 4) {
            i64 slack = larger(0, smaller(shop->due[job], NEVER / 4) - plan->job_end[job]);
            key = ((double)slack + spread) / (shop->weight[job] + 1e-9) * (0.5 + fraction(plan));
        }
        plan->key[operation] = operation == seed && way != 2 ? -1e300 : key;
    }
}

/* Whatever is lifted later goes first of what waits then: the order of its job asks for it. */
static void lift_goes_first(Plan *plan) {
    for (i64 each = 0; each < plan->free_count; each++) plan->key[plan->free[each]] = -1e200;
}

static int ruin(Plan *plan, i32 seed) {
    const Shop *shop = plan->shop;
    i64 way = below(plan, 100);
    if ((plan->has_rates || shop->flow > 0) && way < 8) return ruin_later(plan, seed);
    if (way < 45) return ruin_string(plan, seed);
    if (way < 65) return ruin_elsewhere(plan, seed);
    if (way < 82) return ruin_jobs(plan, seed);
    return ruin_window(plan, seed);
}

static void find_hot(Plan *plan) {
    const Shop *shop = plan->shop;
    plan->hot_count = 0;
    for (i64 job = 0; job < shop->jobs; job++)
        if (plan->job_end[job] > shop->due[job] && shop->job_first[job] < shop->job_first[job + 1])
            plan->hot[plan->hot_count++] = (i32)job;
}

/* A late job, rather one that costs much, or one of all. */
static int seed_of(Plan *plan, i32 *seed) {
    i32 job = NOBODY;
    if (plan->rounds % HOT_ROUNDS == 0) find_hot(plan);
    if (plan->hot_count && likely(plan, 60)) {
        i32 one = plan->hot[below(plan, plan->hot_count)], other = plan->hot[below(plan, plan->hot_count)];
        job = likely(plan, 50) && plan->job_cost[other] > plan->job_cost[one] ? other : one;
    } else job = worst_job(plan, 1 + below(plan, 12));
    if (job < 0) return 0;
    *seed = waiting_operation(plan, job);
    return *seed >= 0;
}

/* One round: 1 when the plan is another one now. */
static int improve_once(Plan *plan, double temperature) {
    const Shop *shop = plan->shop;
    double before = plan->cost;
    i32 seed = NOBODY;
    if (!seed_of(plan, &seed)) return 0;
    begin_round(plan);
    plan->homing = plan->has_homes && likely(plan, 70);
    plan->choosy = likely(plan, 30);
    plan->hurry = shop->late > 0 && likely(plan, 70) ? shop->late : shop->complete + 1e-6 * shop->late + 1e-9;
    int done = ruin(plan, seed);
    if (done) {
        order_queue(plan, likely(plan, 70) ? seed : NOBODY);
        done = recreate(plan);
    }
    for (i64 each = 0; each < plan->touched_size; each++) plan->key[plan->touched[each].operation] = -1e200;
    if (done && (!plan->has_homes || likely(plan, 50))) pull_all(plan, PULLS);
    if (!done) {
        undo(plan);
        return 0;
    }
    evaluate(plan);
    double allowed = temperature * shop->exponential[below(plan, LOGS)];
    if (plan->cost > before + allowed) {
        undo(plan);
        return 0;
    }
    plan->accepted++;
    forget_round(plan);
    return 1;
}

/* Dispatching: whenever a machine is free, the most urgent of what waits for it begins. */

typedef struct { i64 free_from, start, seen; i32 mode; i64 setup; } Chance;

static int look(Plan *plan, i32 operation, Chance *chance) {
    chance->seen = plan->stamps;
    if (!choose(plan, operation, &chance->mode, &chance->start)) return 0;
    chance->setup = setup_before(plan, operation, chance->mode, chance->start);
    chance->free_from = larger(chance->free_from, chance->start - chance->setup);
    return 1;
}

static int is_fresh(const Plan *plan, i32 operation, const Chance *chance) {
    const Shop *shop = plan->shop;
    for (i32 mode = shop->modes[operation]; mode < shop->modes[operation + 1]; mode++)
        for (i32 take = shop->takes[mode]; take < shop->takes[mode + 1]; take++)
            if (plan->stamp[shop->take_resource[take]] > chance->seen) return 0;
    for (i32 role = shop->roles[operation]; role < shop->roles[operation + 1]; role++)
        for (i32 each = shop->role_members[role]; each < shop->role_members[role + 1]; each++)
            if (plan->stamp[shop->members[each]] > chance->seen) return 0;
    return 1;
}

/* exp(-x) near enough for a rule of thumb. */
static double fading(double x) { return x <= 0 ? 1.0 : 1.0 / (1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6 + x / 24)))); }

/* How urgent: the earlier due date, or apparent tardiness cost with setups (Lee, Bhaskaran and Pinedo, "A heuristic to
   minimize the total weighted tardiness with sequence-dependent setups", IIE Transactions 29, 1997). */
static double urgency(const Plan *plan, i32 operation, const Chance *chance, const double *rule, const double *left) {
    const Shop *shop = plan->shop;
    i32 job = shop->job[operation];
    i64 due = smaller(shop->due[job], NEVER / 4);
    if (rule[0] == BY_DUE_DATE) return -(double)due;
    double length = (double)larger(1, shop->duration[chance->mode]);
    double slack = (double)due - left[operation] - (double)chance->start;
    double value = (shop->weight[job] + 1e-6) / length * fading(slack / (rule[1] * rule[3]));
    return value * fading((double)chance->setup / (rule[2] * rule[3]));
}

/* Place everything. rule: which one, look-ahead and setup factors, mean duration. left: per operation, the work from its
   start to its job's end. chances: a place for each operation. 0: something can't be placed at all. */
DOOR int dispatch(Plan *plan, const double *rule, const double *left, Chance *chances, i64 most_steps) {
    const Shop *shop = plan->shop;
    i64 waiting = 0;
    begin_round(plan);
    plan->homing = plan->choosy = 0;
    plan->hurry = shop->late > 0 ? shop->late : 1.0;
    for (i64 each = 0; each < plan->free_count; each++) {
        i32 operation = plan->free[each];
        plan->queued[operation] = 0;
        chances[operation].seen = -1, chances[operation].free_from = 0;
        if (!plan->waits[operation]) plan->eligible[waiting++] = operation, plan->queued[operation] = 1;
    }
    for (i64 step = 0; plan->unplaced; step++) {
        if (step > most_steps || !waiting) return 0;
        i64 first = NEVER, best = -1;
        for (;;) {
            i64 soonest = -1;
            for (i64 place = 0; place < waiting; place++)
                if (soonest < 0 || chances[plan->eligible[place]].free_from < chances[plan->eligible[soonest]].free_from)
                    soonest = place;
            Chance *chance = chances + plan->eligible[soonest];
            if (chance->seen >= 0 && is_fresh(plan, plan->eligible[soonest], chance)) {
                first = chance->free_from;
                break;
            }
            if (!look(plan, plan->eligible[soonest], chance)) return 0;
        }
        double most = -1e300;
        for (i64 place = 0; place < waiting; place++) {
            i32 operation = plan->eligible[place];
            Chance *chance = chances + operation;
            if (chance->free_from > first) continue;
            if ((chance->seen < 0 || !is_fresh(plan, operation, chance)) && !look(plan, operation, chance)) return 0;
            if (chance->free_from > first) continue;
            double value = urgency(plan, operation, chance, rule, left);
            if (best < 0 || value > most) most = value, best = place;
        }
        i32 operation = plan->eligible[best], mode = 0;
        i64 start = 0;
        plan->eligible[best] = plan->eligible[--waiting];
        plan->queued[operation] = 0;
        if (!choose(plan, operation, &mode, &start)) return 0; /* again: it writes the crew */
        plan->touched_size = plan->touched_crew_size = plan->queue_size = 0;
        if (!put(plan, operation, mode, start)) return 0;
        if (plan->mode[operation] < 0) enqueue(plan, operation);
        for (i64 each = 0; each < plan->touched_size; each++) plan->is_touched[plan->touched[each].operation] = 0;
        for (i64 each = 0; each < plan->pull_size; each++) plan->pulled[plan->pulls[each]] = 0;
        plan->pull_size = 0;
        for (i64 each = 0; each < plan->queue_size; each++) plan->queued[plan->queue[each]] = 0;
        i64 kept = 0; /* what was lifted makes its followers wait again */
        for (i64 place = 0; place < waiting; place++) {
            i32 other = plan->eligible[place];
            plan->queued[other] = 0;
            if (!plan->waits[other]) plan->eligible[kept++] = other, plan->queued[other] = 1;
        }
        waiting = kept;
        for (i64 each = 0; each <= plan->queue_size; each++) {
            i32 other = each < plan->queue_size ? plan->queue[each] : operation;
            if (plan->mode[other] < 0 && !plan->waits[other] && !plan->queued[other]) {
                chances[other].seen = -1, chances[other].free_from = 0;
                plan->eligible[waiting++] = other, plan->queued[other] = 1;
            }
        }
        for (i32 edge = shop->after[operation]; plan->mode[operation] >= 0 && edge < shop->after[operation + 1]; edge++) {
            i32 other = shop->later[edge];
            if (plan->mode[other] >= 0 || plan->waits[other] || plan->queued[other]) continue;
            chances[other].seen = -1, chances[other].free_from = 0;
            plan->eligible[waiting++] = other, plan->queued[other] = 1;
        }
    }
    for (i64 each = 0; each < plan->free_count; each++) {
        plan->queued[plan->free[each]] = 0;
        plan->not_before[plan->free[each]] = 0, plan->tries[plan->free[each]] = 0;
    }
    plan->queue_size = 0;
    lift_goes_first(plan);
    recount(plan);
    keep_best(plan);
    return 1;
}

/* The door */

typedef struct { char *base; u64 used; } Memory;

static void *room_for(Memory *memory, i64 count, u64 size) {
    void *place = memory->base ? memory->base + memory->used : 0;
    memory->used += ((u64)larger(count, 1) * size + 15) / 16 * 16;
    return place;
}

#define ROOM(field, count) plan->field = room_for(memory, (count), sizeof *plan->field)

static Plan *lay_out(const Shop *shop, Memory *memory, Plan *plan) {
    i64 operations = shop->operations, roles = shop->roles[operations], rooms = shop->room[shop->resources];
    ROOM(mode, operations), ROOM(next, operations), ROOM(waits, operations), ROOM(tries, operations);
    ROOM(queue, operations + 8), ROOM(best_mode, operations), ROOM(eligible, operations), ROOM(free, operations);
    ROOM(start, operations), ROOM(end, operations), ROOM(not_before, operations), ROOM(best_start, operations);
    ROOM(key, operations), ROOM(own_cost, operations), ROOM(queued, operations), ROOM(is_touched, operations);
    ROOM(pulled, operations), ROOM(crew, roles), ROOM(best_crew, roles);
    ROOM(dirty, shop->jobs), ROOM(hot, shop->jobs), ROOM(is_dirty, shop->jobs), ROOM(job_end, shop->jobs), ROOM(job_begin, shop->jobs);
    ROOM(job_cost, shop->jobs), ROOM(slots, rooms), ROOM(points, rooms);
    ROOM(count, shop->resources), ROOM(stamp, shop->resources);
    ROOM(touched, ROUND_MAX + 8), ROOM(pulls, ROUND_MAX), ROOM(touched_crew, (ROUND_MAX + 8) * ROLES_MAX);
    return plan;
}

/* How many bytes a plan takes. */
DOOR i64 room_of(const Shop *shop) {
    Memory memory = {0, 0};
    Plan plan;
    lay_out(shop, &memory, &plan);
    return (i64)memory.used + (i64)sizeof(Plan) + 64;
}

/* An empty plan in memory full of zeros: only what stays is placed. */
DOOR void *open_plan(const Shop *shop, void *given, u64 seed) {
    Memory memory = {(char *)given, 0};
    Plan *plan = room_for(&memory, 1, sizeof(Plan));
    lay_out(shop, &memory, plan);
    plan->shop = shop;
    plan->chance = seed * 2654435761ULL + 88172645463325252ULL;
    plan->unplaced = shop->operations;
    plan->has_rates = shop->rates[shop->resources] > 0;
    for (i64 resource = 0; resource < shop->resources; resource++) {
        if (shop->kind[resource] != SHARED) continue;
        plan->points[shop->room[resource]] = (Point){-NEVER, 0};
        plan->count[resource] = 1;
    }
    for (i32 operation = 0; operation < shop->operations; operation++) {
        plan->mode[operation] = NOBODY;
        plan->waits[operation] = shop->before[operation + 1] - shop->before[operation];
        for (i32 role = shop->roles[operation]; role < shop->roles[operation + 1]; role++)
            plan->crew[role] = shop->fixed[operation] ? shop->home_crew[role] : NOBODY;
        plan->has_homes |= !shop->fixed[operation] && shop->home_mode[operation] >= 0;
        if (!shop->fixed[operation]) plan->free[plan->free_count++] = operation;
    }
    for (i32 operation = 0; operation < shop->operations; operation++)
        if (shop->fixed[operation]) set_down(plan, operation, shop->home_mode[operation], shop->home_start[operation]);
    lift_goes_first(plan);
    recount(plan);
    return plan;
}

/* Place every operation that may move as given, without a look whether it fits. */
DOOR void set_plan(Plan *plan, const i32 *modes, const i64 *starts, const i32 *crew) {
    const Shop *shop = plan->shop;
    for (i64 each = 0; each < plan->free_count; each++)
        if (plan->mode[plan->free[each]] >= 0) take_up(plan, plan->free[each]);
    for (i64 each = 0; each < plan->free_count; each++) {
        i32 operation = plan->free[each];
        for (i32 role = shop->roles[operation]; role < shop->roles[operation + 1]; role++) plan->crew[role] = crew[role];
        if (modes[operation] >= 0) set_down(plan, operation, modes[operation], starts[operation]);
    }
    recount(plan);
    keep_best(plan);
}

/* The best plan found, and what it costs. */
DOOR double get_plan(const Plan *plan, i32 *modes, i64 *starts, i32 *crew) {
    const Shop *shop = plan->shop;
    for (i64 each = 0; each < shop->operations; each++) modes[each] = plan->best_mode[each], starts[each] = plan->best_start[each];
    for (i64 role = 0; role < shop->roles[shop->operations]; role++) crew[role] = plan->best_crew[role];
    return plan->best_cost;
}

DOOR void return_to_best(Plan *plan) {
    const Shop *shop = plan->shop;
    for (i64 each = 0; each < plan->free_count; each++)
        if (plan->mode[plan->free[each]] >= 0) take_up(plan, plan->free[each]);
    for (i64 each = 0; each < plan->free_count; each++) {
        i32 operation = plan->free[each];
        for (i32 role = shop->roles[operation]; role < shop->roles[operation + 1]; role++) plan->crew[role] = plan->best_crew[role];
        set_down(plan, operation, plan->best_mode[operation], plan->best_start[operation]);
    }
    recount(plan);
}

/* Search for some rounds; a temperature is how much worse a plan may get in one. Gives the best cost. */
DOOR double search(Plan *plan, i64 rounds, double temperature) {
    recount(plan);
    find_hot(plan);
    if (plan->unplaced) return plan->best_cost;
    for (i64 each = 0; each < rounds; each++) {
        plan->rounds++;
        if (improve_once(plan, temperature) && plan->cost < plan->best_cost - 1e-7) keep_best(plan);
    }
    return plan->best_cost;
}

/* Let what was moved without a gain stand where it stood. */
DOOR double send_home(Plan *plan) {
    const Shop *shop = plan->shop;
    for (i64 each = 0; plan->has_homes && each < plan->free_count; each++) {
        i32 operation = plan->free[each];
        double before = plan->cost;
        if (change_cost(plan, operation) <= 0) continue;
        begin_round(plan);
        plan->homing = 1, plan->choosy = 0;
        plan->hurry = shop->late + shop->complete + 1e-9;
        if (lift(plan, operation) && recreate(plan) && evaluate(plan) <= before) forget_round(plan);
        else undo(plan);
    }
    if (plan->cost < plan->best_cost) keep_best(plan);
    return plan->best_cost;
}

/* What the plan that stands costs, by part, weighted as in the sum. */
DOOR void numbers_of(Plan *plan, Numbers *numbers) {
    const Shop *shop = plan->shop;
    memset(numbers, 0, sizeof *numbers);
    recount(plan);
    for (i64 job = 0; job < shop->jobs; job++) {
        double weight = shop->weight[job];
        i64 end = plan->job_end[job];
        numbers->complete += weight * shop->complete * (double)end;
        if (end > shop->due[job]) numbers->late += weight * shop->late * (double)(end - shop->due[job]);
        if (end > shop->promise[job]) numbers->broken += weight * shop->broken;
        if (end > shop->limit[job]) numbers->over += shop->over * (1e6 + (double)(end - shop->limit[job]));
        if (shop->flow > 0 && plan->job_begin[job] < end)
            numbers->flow += weight * shop->flow * (double)(end - plan->job_begin[job]);
    }
    for (i64 each = 0; each < plan->free_count; each++) {
        i32 operation = plan->free[each];
        if (plan->mode[operation] < 0) continue;
        double change = change_cost(plan, operation);
        numbers->change += change;
        numbers->rates += plan->own_cost[operation] - change;
    }
    numbers->setups = shop->setup_cost * (double)plan->setups;
    numbers->total = plan->cost;
    numbers->makespan = plan->cost - plan->jobs_cost - plan->own_total - numbers->setups;
    numbers->unplaced = (double)plan->unplaced;
}
