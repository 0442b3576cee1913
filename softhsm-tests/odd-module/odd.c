/* SoftHSM with oddities that other modules were seen to have, each behind a name that the
 * compiler is told (`-D`). The table of PKCS#11 v2.40, 5.4: a version, then functions in order. */
#include <dlfcn.h>
#include <stddef.h>

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

enum { GET_FUNCTION_LIST = 3, GET_TOKEN_INFO = 6, CREATE_OBJECT = 20 };

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

#if defined(NO_LOGIN_FLAG) || defined(NO_PIN_FLAG) || defined(NUL_PADDED)
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
#if defined(NO_LOGIN_FLAG) || defined(NO_PIN_FLAG) || defined(NUL_PADDED)
        odd.functions[GET_TOKEN_INFO] = (function)token_info;
#endif
        odd.functions[GET_FUNCTION_LIST] = (function)C_GetFunctionList;
    }
    *list = &odd;
    return 0;
}
