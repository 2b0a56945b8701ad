/*
 * collectors/answers.h: what is to be written to a stream whose other side takes its time.
 */
#include "unit.h"

#include "collectors/answers.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A receiver who is always behind, but reads: what is kept for him stays within its bound, and
 * comes in order.
 */
static void
test_always_behind(void)
{
	struct event_base *base = event_base_new();
	struct vnm_answers a = {0};
	uint8_t message[1000], got[1000];
	size_t sent = 0, read = 0, most = 0; /* octets */
	int fd[2], octets = 4096;

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	CU_ASSERT_EQUAL(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets)), 0);
	for (int i = 0; i < 4000; i++) {
		while (sent - read < 100 * sizeof(message)) { /* on their way */
			memset(message, (int)(sent / sizeof(message)), sizeof(message));
			CU_ASSERT_TRUE_FATAL(
			    vnm_answers_send(&a, base, fd[0], message, sizeof(message)));
			sent += sizeof(message);
		}
		most = a.b.cap > most ? a.b.cap : most;
		ssize_t n = recv(fd[1], got, sizeof(got), 0);
		CU_ASSERT_TRUE_FATAL(n > 0);
		for (ssize_t k = 0; k < n; k++, read++)
			CU_ASSERT_EQUAL_FATAL(got[k], (uint8_t)(read / sizeof(message)));
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	CU_ASSERT_TRUE(a.b.n > 0);
	CU_ASSERT_TRUE(most <= VNM_ANSWERS_OCTETS);
	vnm_answers_free(&a);
	close(fd[0]);
	close(fd[1]);
	event_base_free(base);
}

CU_TestInfo suite_answers[] = {
    {"to who is always behind", test_always_behind},
    CU_TEST_INFO_NULL,
};
