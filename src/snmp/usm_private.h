/*
 * Between the files of USM.
 */
#ifndef VNM_SNMP_USM_PRIVATE_H
#define VNM_SNMP_USM_PRIVATE_H

#include "snmp/usm.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

/* OpenSSL's names; NULL: the protocol is none. */
const char *vnm_usm_digest_of(enum vnm_usm_auth auth);
const char *vnm_usm_cipher_of(enum vnm_usm_priv priv);
/* Of a cipher in CFB mode the bare cipher; NULL: it is in another mode. */
const char *vnm_usm_block_of(enum vnm_usm_priv priv);

#endif
