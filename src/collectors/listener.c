/*
 * The options that all listeners have in common.
 */
#include "collectors/collector.h"

const struct vnm_option vnm_listener_options[] = {
    VNM_LISTENER_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};
