/*
 * The partitions of a Kafka topic: whose turn it is, and which have no leader.
 */
#include "output/kafka.h"

#include "base/clock.h"

#define LOOK_NS VNM_NS_PER_S /* how often librdkafka is asked about a topic's partitions */

static bool
is_down(struct vnm_kafka_topic *t, uint32_t partition)
{
	return partition < VNM_KAFKA_WATCHED &&
	       (atomic_load_explicit(&t->down[partition / 64], memory_order_relaxed) >>
		       partition % 64 &
		   1) != 0;
}

/* The partition whose turn it is, or the next with a leader; all the same where none has one. */
static uint32_t
with_leader(struct vnm_kafka_topic *t, uint32_t turn, uint32_t partitions)
{
	for (uint32_t i = 0; i < partitions; i++) {
		uint32_t partition = (turn + i) % partitions;
		if (!is_down(t, partition))
			return partition;
	}
	return turn % partitions;
}

/*
 * Where none has a leader the next message is to look again: librdkafka knows a topic's partitions
 * before the threads of their brokers have taken them over, and until then none is available.
 */
static void
look_at_partitions(const rd_kafka_topic_t *rkt, struct vnm_kafka_topic *t, uint32_t partitions)
{
	uint32_t watched = partitions < VNM_KAFKA_WATCHED ? partitions : VNM_KAFKA_WATCHED;
	bool none = partitions <= VNM_KAFKA_WATCHED;

	atomic_store_explicit(&t->partitions, partitions, memory_order_relaxed);
	for (uint32_t first = 0; first < watched; first += 64) {
		uint64_t down = 0;

		for (uint32_t i = 0; i < 64 && first + i < watched; i++) {
			if (rd_kafka_topic_partition_available(rkt, (int32_t)(first + i)))
				none = false;
			else
				down |= 1ULL << i;
		}
		atomic_store_explicit(&t->down[first / 64], down, memory_order_relaxed);
	}
	if (none)
		atomic_store_explicit(&t->look, true, memory_order_relaxed);
}

/*
 * librdkafka asks for the partition of a message that was given none. It comes here for keyed
 * messages, for those that waited until the topic was known, and for one batch in LOOK_NS: that
 * is how the partitions and their leaders are learnt without waiting for a broker. What waits
 * for a partition without a leader would fill the queue and shut out all others. A key decides all
 * the same: the order of its records is worth the wait.
 */
int32_t
vnm_kafka_partition_choose(const rd_kafka_topic_t *rkt, const void *key, size_t key_n,
    int32_t partitions, void *topic_opaque, void *message_opaque)
{
	struct vnm_kafka_topic *t = topic_opaque;

	if (key_n > 0)
		return rd_kafka_msg_partitioner_murmur2(
		    rkt, key, key_n, partitions, topic_opaque, message_opaque);
	if (atomic_exchange_explicit(&t->look, false, memory_order_relaxed))
		look_at_partitions(rkt, t, (uint32_t)partitions);
	uint32_t asked = atomic_fetch_add_explicit(&t->asked, 1, memory_order_relaxed);
	return (int32_t)with_leader(t, asked / VNM_KAFKA_BATCH, (uint32_t)partitions);
}

int32_t
vnm_kafka_partition_next(struct vnm_kafka_topic *t)
{
	uint32_t turn = atomic_fetch_add_explicit(&t->turn, 1, memory_order_relaxed);
	uint32_t partitions = atomic_load_explicit(&t->partitions, memory_order_relaxed);
	uint64_t next_ns = atomic_load_explicit(&t->next_look_ns, memory_order_relaxed);
	uint64_t now_ns = vnm_clock_mono_ns();

	if (partitions == 0 || atomic_load_explicit(&t->look, memory_order_relaxed) ||
	    (now_ns >= next_ns &&
		atomic_compare_exchange_strong(&t->next_look_ns, &next_ns, now_ns + LOOK_NS))) {
		atomic_store_explicit(&t->look, true, memory_order_relaxed);
		return RD_KAFKA_PARTITION_UA;
	}
	return (int32_t)with_leader(t, turn, partitions);
}
