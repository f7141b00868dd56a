#pragma once

#include <stddef.h>

/// The bytes of masking_rules.bin, in the read-only part of the binary: mapped, never copied.
const unsigned char *postern_masking_rules(void);

/// How many bytes they are.
size_t postern_masking_rules_size(void);
