/*
 * Run by the build: prints libfixbuf's information model (IANA's registry and CERT's
 * elements) as the rows of ie_registry.inc, sorted by (pen, id).
 */
#include <fixbuf/public.h>

#include <stdio.h>
#include <stdlib.h>

struct row {
	uint32_t pen;
	uint16_t id;
	const char *type;
	const char *name;
};

static const char *
type_of(const fbInfoElement_t *ie)
{
	switch (ie->type) {
	case FB_UINT_8:
	case FB_UINT_16:
	case FB_UINT_32:
	case FB_UINT_64:
		return "UNSIGNED";
	case FB_INT_8:
	case FB_INT_16:
	case FB_INT_32:
	case FB_INT_64:
		return "SIGNED";
	case FB_FLOAT_32:
	case FB_FLOAT_64:
		return "FLOAT";
	case FB_BOOL:
		return "BOOL";
	case FB_MAC_ADDR:
		return "MAC";
	case FB_STRING:
		return "STRING";
	case FB_DT_SEC:
		return "SECONDS";
	case FB_DT_MILSEC:
		return "MILLISECONDS";
	case FB_DT_MICROSEC:
		return "MICROSECONDS";
	case FB_DT_NANOSEC:
		return "NANOSECONDS";
	case FB_IP4_ADDR:
		return "IP4";
	case FB_IP6_ADDR:
		return "IP6";
	case FB_BASIC_LIST:
	case FB_SUB_TMPL_LIST:
	case FB_SUB_TMPL_MULTI_LIST:
		return "LIST";
	default:
		return "OCTETS";
	}
}

static int
compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->pen != y->pen)
		return x->pen < y->pen ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

int
main(void)
{
	fbInfoModel_t *model = fbInfoModelAlloc();
	fbInfoModelIter_t iter;
	const fbInfoElement_t *ie;
	size_t count = 0, cap = 4096;
	struct row *rows = malloc(cap * sizeof(*rows));

	if (rows == NULL)
		return 1;
	fbInfoModelIterInit(&iter, model);
	while ((ie = fbInfoModelIterNext(&iter)) != NULL && count < cap)
		rows[count++] = (struct row){ie->ent, ie->num, type_of(ie), ie->ref.name};
	qsort(rows, count, sizeof(*rows), compare);
	for (size_t i = 0; i < count; i++)
		printf("VNM_IE_ROW(%u, %u, %s, \"%s\")\n", (unsigned)rows[i].pen,
		    (unsigned)rows[i].id, rows[i].type, rows[i].name);
	free(rows);
	fbInfoModelFree(model);
	return count < 400; /* far fewer than the registry has: something is wrong */
}
