/*
 * Which socket of a reuseport group a source comes to (SO_ATTACH_REUSEPORT_CBPF, socket(7)).
 */
#include "collectors/collector.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>

/*
 * The program sees what is behind the UDP or TCP header; SKF_NET_OFF reaches back to the IP
 * header, which is IPv4's also for IPv4 on an IPv6 socket. Each 32-bit word of the source
 * address is mixed in by a multiplication.
 */
int
vnm_listener_steer(int fd, unsigned workers, struct vnm_err *err)
{
	const uint32_t mixer = 0x9e3779b1U;
	const uint32_t ip = (uint32_t)SKF_NET_OFF;
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ip),
	    BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 2, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip + 12),
	    BPF_JUMP(BPF_JMP | BPF_JA, 13, 0, 0), /* to the end, with IPv4's one word */
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip + 8),
	    BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, mixer),
	    BPF_STMT(BPF_MISC | BPF_TAX, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip + 12),
	    BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
	    BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, mixer),
	    BPF_STMT(BPF_MISC | BPF_TAX, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip + 16),
	    BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
	    BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, mixer),
	    BPF_STMT(BPF_MISC | BPF_TAX, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip + 20),
	    BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
	    BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, mixer),
	    BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
	    BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, workers),
	    BPF_STMT(BPF_RET | BPF_A, 0),
	};
	const struct sock_fprog program = {VNM_ARRAY_LEN(code), code};

	assert(workers > 0);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) == 0)
		return 0;
	return vnm_err_text(
	    err, "cannot steer sources to workers by their address: %s", strerror(errno));
}
