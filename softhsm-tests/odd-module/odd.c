/* SoftHSM with oddities that other modules were seen to have, each behind a name that the
 * compiler is told (`-D`). The table of PKCS#11 v2.40, 5.4: a version, then functions in order. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef unsigned long rv;
typedef unsigned long slot;
typedef unsigned long session;
typedef rv (*function)(void);

struct attribute {
    unsigned long type;
    void *value;
    unsigned long length;
};

struct token_info {
    unsigned char label[32], manufacturer[32], model[16], serial[16];
    unsigned long flags;
};

struct table {
    unsigned char major, minor;
    function functions[68];
};

enum {
    INITIALIZE = 0,
    GET_FUNCTION_LIST = 3,
    GET_TOKEN_INFO = 6,
    OPEN_SESSION = 12,
    CREATE_OBJECT = 20,
    GENERATE_KEY_PAIR = 59,
};

static struct table *real, odd;

#ifdef NO_DATA
/* It takes no objects with data: CKR_TEMPLATE_INCONSISTENT. */
static rv create_object(session s, struct attribute *a, unsigned long count, unsigned long *out) {
    typedef rv (*create)(session, struct attribute *, unsigned long, unsigned long *);
    for (unsigned long i = 0; i < count; i++)
        if (a[i].type == 0 && *(unsigned long *)a[i].value == 0)
            return 0xd1;
    return ((create)real->functions[CREATE_OBJECT])(s, a, count, out);
}
#endif

#ifdef NO_DENIALS
/* It takes no key that is told not to derive, and what it loaded for that stays in the session: without a
 * resource manager a TPM has room for no more. CKR_TEMPLATE_INCONSISTENT, then CKR_DEVICE_MEMORY. */
static session full;
static rv generate(session s, void *mechanism, struct attribute *public, unsigned long publics,
                   struct attribute *private, unsigned long privates, unsigned long *a, unsigned long *b) {
    typedef rv (*make)(session, void *, struct attribute *, unsigned long, struct attribute *, unsigned long,
                       unsigned long *, unsigned long *);
    if (full == s)
        return 0x31;
    for (unsigned long i = 0; i < privates; i++)
        if (private[i].type == 0x10c) {
            full = s;
            return 0xd1;
        }
    return ((make)real->functions[GENERATE_KEY_PAIR])(s, mechanism, public, publics, private, privates, a, b);
}

/* A session that is opened while another one is there has no room either. */
static rv open_session(slot slot, unsigned long flags, void *app, void *notify, session *out) {
    typedef rv (*open)(unsigned long, unsigned long, void *, void *, session *);
    rv answer = ((open)real->functions[OPEN_SESSION])(slot, flags, app, notify, out);
    if (answer == 0 && full != 0) {
        typedef rv (*info)(session, void *);
        unsigned long state[4];
        full = ((info)real->functions[15])(full, state) == 0 ? *out : 0;
    }
    return answer;
}
#endif

#ifdef WANTS_WORDS
/* CKR_ARGUMENTS_BAD without its reserved string, as NSS's softokn. */
static rv initialize(void *arguments) {
    void **reserved = arguments ? (void **)arguments + 5 : NULL;
    if (!reserved || !*reserved || strcmp(*reserved, "configdir='sql:/a b' flags=") != 0 || reserved[1])
        return 0x7;
    struct { void *mutexes[4]; unsigned long flags; void *reserved; } plain = {{0}, 2, NULL};
    return ((rv(*)(void *))real->functions[INITIALIZE])(&plain);
}
#endif

#ifdef NOISY
static rv initialize(void *arguments) {
    fputs("WARNING: of a library of somebody else\n", stderr);
    return ((rv(*)(void *))real->functions[INITIALIZE])(arguments);
}
#endif

#if defined(NO_LOGIN_FLAG) || defined(NO_PIN_FLAG) || defined(NUL_PADDED) || defined(LATIN1)
static rv token_info(slot s, struct token_info *info) {
    typedef rv (*get)(slot, struct token_info *);
    rv answer = ((get)real->functions[GET_TOKEN_INFO])(s, info);
    if (answer != 0)
        return answer;
#ifdef NO_LOGIN_FLAG
    info->flags &= ~0x4ul;
#endif
#ifdef NO_PIN_FLAG
    info->flags &= ~0x8ul;
#endif
#ifdef LATIN1
    memcpy(info->label, "B\xfcro                            ", 32);
#endif
#ifdef NUL_PADDED
    for (int i = 15; i >= 0 && info->model[i] == ' '; i--)
        info->model[i] = 0;
    for (int i = 31; i >= 0 && info->label[i] == ' '; i--)
        info->label[i] = 0;
#endif
    return answer;
}
#endif

rv C_GetFunctionList(struct table **list) {
    if (!real) {
        void *module = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);
        rv (*get)(struct table **) = (rv(*)(struct table **))dlsym(module, "C_GetFunctionList");
        get(&real);
        odd = *real;
#ifdef NO_DATA
        odd.functions[CREATE_OBJECT] = (function)create_object;
#endif
#ifdef NO_DENIALS
        odd.functions[GENERATE_KEY_PAIR] = (function)generate;
        odd.functions[OPEN_SESSION] = (function)open_session;
#endif
#if defined(WANTS_WORDS) || defined(NOISY)
        odd.functions[INITIALIZE] = (function)initialize;
#endif
#if defined(NO_LOGIN_FLAG) || defined(NO_PIN_FLAG) || defined(NUL_PADDED) || defined(LATIN1)
        odd.functions[GET_TOKEN_INFO] = (function)token_info;
#endif
        odd.functions[GET_FUNCTION_LIST] = (function)C_GetFunctionList;
    }
    *list = &odd;
    return 0;
}
