#ifndef HEADRACE_CCRYPTO_SHIM_H
#define HEADRACE_CCRYPTO_SHIM_H

#include <openssl/evp.h>

#endif
