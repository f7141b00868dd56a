#pragma once

#include <stddef.h>

/// The bytes of masking_rules.bin, in the read-only part of the binary: mapped, never copied.
extern const unsigned char postern_masking_rules_bytes[];

/// How many bytes they are.
extern const size_t postern_masking_rules_size;

/// Swift does not import arrays without a size.
static inline const unsigned char *postern_masking_rules(void) { return postern_masking_rules_bytes; }
