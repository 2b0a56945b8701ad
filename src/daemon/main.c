/*
 * vnmcd: the virtual-network monitoring collector.
 */
#include "base/log.h"

int
main(void)
{
	vnm_error("not built yet");
	return 1;
}
