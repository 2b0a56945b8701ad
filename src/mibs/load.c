/*
 * Reads an operator's MIB files with net-snmp's parser (mibs/load.h).
 */
#include "mibs/load.h"

#include "mibs/draft.h"
#include "mibs/smi.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/parse.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WARNINGS_MAX 200 /* that are kept; a broken file can make thousands */
#define LABELS_MAX 4096
#define MEMBERS_MAX 255

/* Of 1991: all that it has is in newer modules today, which say more. */
#define MIB2 "RFC1213-MIB"

/* Modules that hold only macros, which the parser knows by itself. */
static const char *const macros[] = {"SNMPv2-CONF", "RFC-1212", "RFC-1215"};

struct loading {
	const struct vnm_mib_sources *sources;
	struct vnm_errs *errs;
	struct vnm_errs *warnings;
	struct vnm_mib_draft *draft;
	char own[64]; /* the directory with the built-in modules; "" where it is not made yet */
	struct vnm_mib_draft_label labels[LABELS_MAX];
	const char *members[MEMBERS_MAX];
	char convention[256];	      /* the qualified name of one */
	struct vnm_table conventions; /* built-in ones, by name */
	bool failed;
};

static void
fail(struct loading *l, const char *file, const char *what, const char *which)
{
	struct vnm_err err;

	(void)vnm_err_set(
	    &err, file, 0, "%s%s%s", what, which != NULL ? " " : "", which != NULL ? which : "");
	vnm_errs_add(l->errs, &err);
	l->failed = true;
}

static void
warn(struct loading *l, const char *file, const char *what)
{
	struct vnm_err err;

	(void)vnm_err_set(&err, file, 0, "%s", what);
	vnm_errs_add(l->warnings, &err);
}

/* ---- what the parser says ------------------------------------------------------------------ */

/* "... At line 7 in /some/FILE" and "... near line 7 of /some/FILE" give file and line. */
static void
take_place(struct vnm_err *err)
{
	static const char *const forms[][2] = {
	    {"at line ", " in "}, {"At line ", " in "}, {"near line ", " of "}};

	for (size_t i = 0; i < VNM_ARRAY_LEN(forms); i++) {
		char *at = strstr(err->text, forms[i][0]), *end;
		unsigned long line;

		if (at == NULL)
			continue;
		line = strtoul(at + strlen(forms[i][0]), &end, 10);
		if (strncmp(end, forms[i][1], strlen(forms[i][1])) != 0)
			continue;
		err->line = (unsigned)line;
		snprintf(err->file, sizeof(err->file), "%s", end + strlen(forms[i][1]));
		while (at > err->text && strchr(" :(", at[-1]) != NULL)
			at--;
		*at = '\0';
		return;
	}
}

/* "... (/some/FILE)" gives the file. */
static void
take_file(struct vnm_err *err)
{
	char *open = strrchr(err->text, '('), *close = strrchr(err->text, ')');

	if (open == NULL || close == NULL || close < open || close[1] != '\0' ||
	    memchr(open, '/', (size_t)(close - open)) == NULL)
		return;
	*close = '\0';
	snprintf(err->file, sizeof(err->file), "%s", open + 1);
	while (open > err->text && open[-1] == ' ')
		open--;
	*open = '\0';
}

/*
 * "Did not find 'ifIndex' in module RFC1213-MIB ...", where another module has it today: objects
 * are found in whatever module they are. Not so textual conventions.
 */
static bool
is_moved(const char *text)
{
	static const char begin[] = "Did not find '";
	const char *name = text + sizeof(begin) - 1;

	return strncmp(text, begin, sizeof(begin) - 1) == 0 &&
	       vnm_mib_named(&vnm_mib_builtin, name, strcspn(name, "'")) != NULL;
}

/*
 * What is nothing to tell. Objects whose parent is nowhere stay with the parser (5.9.3 and before)
 * when all is unloaded, and it complains of them again at every reload, as if of other modules; it
 * has told of each, by file and line, when it read it. Groups for statements of conformance are
 * nobody's concern here, and the built-in modules have none.
 */
static bool
is_noise(const char *text)
{
	return strncmp(text, "MIB search path", 15) == 0 ||
	       strncmp(text, "Cannot adopt OID", 16) == 0 ||
	       strncmp(text, "Group not found in module", 25) == 0 || is_moved(text);
}

static int
on_log(int major, int minor, void *message, void *ctx)
{
	const struct snmp_log_message *m = message;
	struct loading *l = ctx;
	struct vnm_err err = {.line = 0};

	(void)major;
	(void)minor;
	if (is_noise(m->msg))
		return SNMP_ERR_NOERROR;
	snprintf(err.text, sizeof(err.text), "%s", m->msg);
	err.text[strcspn(err.text, "\n")] = '\0';
	take_place(&err);
	if (err.line == 0)
		take_file(&err);
	if (l->warnings->n < WARNINGS_MAX)
		vnm_errs_add(l->warnings, &err);
	else
		l->warnings->lost++;
	return SNMP_ERR_NOERROR;
}

/* ---- the built-in modules as files --------------------------------------------------------- */

static FILE *
create(struct loading *l, const char *name)
{
	char path[sizeof(l->own) + 80];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", l->own, name);
	f = fopen(path, "w");
	if (f == NULL)
		fail(l, path, strerror(errno), NULL);
	return f;
}

static int
close_own(struct loading *l, FILE *f)
{
	if (fclose(f) == 0)
		return 0;
	fail(l, l->own, strerror(errno), NULL);
	return -1;
}

static int
write_own(struct loading *l)
{
	const struct vnm_mib *m = &vnm_mib_builtin;
	const char *tmp = getenv("TMPDIR");

	snprintf(l->own, sizeof(l->own), "%s/vnmcd-mibs-XXXXXX",
	    tmp != NULL && strlen(tmp) < sizeof(l->own) - 20 ? tmp : "/tmp");
	if (mkdtemp(l->own) == NULL) {
		fail(l, l->own,
		    "no directory for the built-in modules can be made:", strerror(errno));
		l->own[0] = '\0';
		return -1;
	}
	for (uint32_t i = 0; i < m->module_count + VNM_ARRAY_LEN(macros); i++) {
		bool macro = i >= m->module_count;
		const char *name = macro ? macros[i - m->module_count] : m->text + m->modules[i];
		FILE *f;

		if (strcmp(name, MIB2) == 0)
			continue; /* write_mib2() */
		f = create(l, name);
		if (f == NULL)
			return -1;
		if (macro)
			fprintf(f, "%s DEFINITIONS ::= BEGIN\nEND\n", name);
		else
			vnm_mib_smi_write(f, m, i);
		if (close_own(l, f) != 0)
			return -1;
	}
	return 0;
}

static bool
is_own_file(const struct loading *l, const struct module *m)
{
	return strncmp(m->file, l->own, strlen(l->own)) == 0;
}

/*
 * MIB-II as one module, from which old modules import. It is ours even where the sources have it:
 * theirs would take the place of newer modules that say more. The parser keeps what it reads first
 * of a place in the tree, so what a module of theirs has is not in ours.
 */
static void
write_mib2(struct loading *l)
{
	const struct vnm_mib *m = &vnm_mib_builtin;
	bool *without = vnm_alloc_zero(m->module_count, sizeof(*without));
	FILE *f = without != NULL ? create(l, MIB2) : NULL;
	char path[sizeof(l->own) + 80];

	if (without == NULL)
		fail(l, NULL, "no memory for the MIB catalogue", NULL);
	if (f == NULL)
		goto no_file;
	for (uint32_t i = 0; i < m->module_count; i++) {
		const struct module *there = find_module(which_module(m->text + m->modules[i]));
		without[i] =
		    there != NULL && strcmp(there->name, MIB2) != 0 && !is_own_file(l, there);
	}
	vnm_mib_smi_write_mib2(f, m, without);
	snprintf(path, sizeof(path), "%s/" MIB2, l->own);
	if (close_own(l, f) == 0)
		(void)add_mibfile(path, MIB2);
no_file:
	vnm_free(without);
}

static void
remove_own(struct loading *l)
{
	DIR *dir = l->own[0] != '\0' ? opendir(l->own) : NULL;
	struct dirent *e;

	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	}
	closedir(dir);
	(void)rmdir(l->own);
}

/* ---- which files are read ------------------------------------------------------------------ */

static int
not_hidden(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && e->d_name[0] != '#' && e->d_name[n - 1] != '~' &&
	       e->d_name[n - 1] != '#';
}

/* Tells the parser of a directory's files: how many modules; -1. */
static int
note_files(struct loading *l, const char *dir)
{
	struct dirent **list;
	int n = scandir(dir, &list, not_hidden, alphasort), modules = 0;

	if (n < 0) {
		fail(l, dir, strerror(errno), NULL);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		char path[4096];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			modules += add_mibfile(path, list[i]->d_name) == 0;
		free(list[i]);
	}
	free(list);
	return modules;
}

/* Tells it of all files; of those with the same module the last one is read. */
static void
note_sources(struct loading *l)
{
	const struct vnm_mib_sources *s = l->sources;

	(void)note_files(l, l->own);
	for (uint32_t i = 0; i < s->dir_count; i++) {
		if (note_files(l, s->dirs[i]) == 0)
			fail(l, s->dirs[i], "holds no MIB module", NULL);
	}
	for (uint32_t i = 0; i < s->file_count; i++) {
		if (access(s->files[i], R_OK) != 0)
			fail(l, s->files[i], strerror(errno), NULL);
		else if (add_mibfile(s->files[i], s->files[i]) != 0)
			fail(l, s->files[i], "holds no MIB module", NULL);
	}
	if (!l->failed)
		write_mib2(l);
}

/* Has it read the module of a file, or (NULL) of all files of theirs. */
static void
read_files(struct loading *l, const char *path)
{
	const struct module *m;
	bool any = false;

	for (int id = 0; (m = find_module(id)) != NULL; id++) {
		if (path != NULL ? strcmp(m->file, path) != 0 : is_own_file(l, m))
			continue;
		any = true;
		(void)netsnmp_read_module(m->name);
	}
	if (!any && path != NULL)
		warn(l, path,
		    "its module is not read: another file has it too, or (" MIB2
		    ") newer modules have all of it");
}

/* All that the sources name, read into the parser's tree. */
static void
read_sources(struct loading *l)
{
	const struct vnm_mib_sources *s = l->sources;

	note_sources(l);
	if (l->failed)
		return;
	for (uint32_t i = 0; i < s->file_count; i++)
		read_files(l, s->files[i]);
	for (uint32_t i = 0; i < s->module_count; i++) {
		if (which_module(s->modules[i]) < 0)
			fail(l, NULL, "no file holds the MIB module", s->modules[i]);
		else
			(void)netsnmp_read_module(s->modules[i]);
	}
	if (s->dir_count > 0 && s->module_count == 0)
		read_files(l, NULL);
	adopt_orphans();
}

/* ---- the parser's tree into the draft ------------------------------------------------------ */

static bool
is_entry(const struct tree *t)
{
	return t->indexes != NULL || t->augments != NULL;
}

/*
 * What the parser makes up: "acme#" for the 0 between an ENTERPRISE and its traps, "anonymous#1"
 * for a number in { acme 7 1 }.
 */
static bool
is_made_up(const struct tree *t)
{
	return t != NULL && t->label != NULL && strchr(t->label, '#') != NULL;
}

/* TRAP-TYPE (RFC 1215) */
static bool
is_trap(const struct tree *t)
{
	const char *mark = is_made_up(t->parent) ? strchr(t->parent->label, '#') : NULL;

	return mark != NULL && mark[1] == '\0';
}

static enum vnm_mib_kind
kind_of(const struct tree *t)
{
	if (is_made_up(t))
		return VNM_MIB_NONE;
	if (is_trap(t))
		return VNM_MIB_NOTIFICATION;
	switch (t->type) {
	case TYPE_NOTIFTYPE:
		return VNM_MIB_NOTIFICATION;
	case TYPE_MODID:
	case TYPE_OBJIDENTITY:
		return VNM_MIB_IDENTITY;
	case TYPE_OBJGROUP:
	case TYPE_NOTIFGROUP:
	case TYPE_AGENTCAP:
	case TYPE_MODCOMP:
		return VNM_MIB_NONE;
	case TYPE_OTHER:
		if (is_entry(t))
			return VNM_MIB_ENTRY;
		return t->child_list != NULL && is_entry(t->child_list) ? VNM_MIB_TABLE
									: VNM_MIB_NODE;
	default:
		return t->parent != NULL && is_entry(t->parent) ? VNM_MIB_COLUMN : VNM_MIB_SCALAR;
	}
}

static enum vnm_mib_base
base_of(int type)
{
	switch (type) {
	case TYPE_OBJID:
		return VNM_MIB_OID;
	case TYPE_OCTETSTR:
	case TYPE_NSAPADDRESS:
		return VNM_MIB_OCTETS;
	case TYPE_INTEGER:
	case TYPE_INTEGER32:
		return VNM_MIB_INTEGER;
	case TYPE_NETADDR:
	case TYPE_IPADDR:
		return VNM_MIB_IPADDRESS;
	case TYPE_COUNTER:
		return VNM_MIB_COUNTER32;
	case TYPE_GAUGE:
		return VNM_MIB_GAUGE32;
	case TYPE_TIMETICKS:
		return VNM_MIB_TIMETICKS;
	case TYPE_OPAQUE:
		return VNM_MIB_OPAQUE;
	case TYPE_COUNTER64:
		return VNM_MIB_COUNTER64;
	case TYPE_BITSTRING:
		return VNM_MIB_BITS;
	case TYPE_UINTEGER:
	case TYPE_UNSIGNED32:
		return VNM_MIB_UNSIGNED32;
	default:
		return VNM_MIB_NO_VALUE;
	}
}

/* Whether a module was read, and from a file of the sources. */
static bool
is_theirs(const struct loading *l, const struct module *m)
{
	return m != NULL && m->no_imports != -1 && !is_own_file(l, m);
}

/* Whether a built-in convention says the same as a syntax with its name. */
static bool
says_the_same(const struct vnm_mib_type *t, const char *name, const struct vnm_mib_draft_syntax *s)
{
	const struct vnm_mib *m = &vnm_mib_builtin;

	if (t->module == UINT16_MAX || t->label_count != s->label_count ||
	    strcmp(m->text + t->name, name) != 0 ||
	    strcmp(vnm_mib_base_name(t->base), s->type) != 0 ||
	    strcmp(m->text + t->hint, s->hint != NULL ? s->hint : "") != 0)
		return false;
	for (uint32_t i = 0; i < t->label_count; i++) {
		const struct vnm_mib_label *label = &m->labels[t->labels + i];
		uint32_t k = 0;

		while (k < s->label_count &&
		       (s->labels[k].value != label->value ||
			   strcmp(s->labels[k].name, m->text + label->text) != 0))
			k++;
		if (k == s->label_count)
			return false;
	}
	return true;
}

/* A syntax with the textual convention of this name, which becomes one of the module's own. */
static int
use_convention(
    struct loading *l, const char *name, struct vnm_mib_draft_syntax *s, struct vnm_err *err)
{
	const struct vnm_mib *m = &vnm_mib_builtin;
	struct vnm_mib_draft_syntax convention = *s;
	const char *module;
	uint32_t at = 0, i;

	if (name == NULL || vnm_mib_base_of(name) != VNM_MIB_NO_VALUE)
		return 0;
	do {
		i = vnm_table_next(&l->conventions, vnm_hash(name, strlen(name), 0), &at);
	} while (i != VNM_TABLE_NONE && !says_the_same(&m->types[i], name, s));
	module = i != VNM_TABLE_NONE ? m->text + m->modules[m->types[i].module] : NULL;
	if (module != NULL && !is_theirs(l, find_module(which_module(module)))) {
		snprintf(l->convention, sizeof(l->convention), "%s::%s", module, name);
		s->type = l->convention;
	} else {
		convention.sized = false; /* the object has the size, be it its own or not */
		if (!vnm_mib_draft_has_type(l->draft, name) &&
		    vnm_mib_draft_type(l->draft, name, &convention, NULL, 0, err) != 0)
			return -1;
		s->type = name;
	}
	s->hint = NULL;
	s->label_count = 0;
	return 0;
}

static struct vnm_mib_draft_syntax
syntax_of(struct loading *l, const struct tree *t)
{
	enum vnm_mib_base base = base_of(t->type);
	struct vnm_mib_draft_syntax s = {.hint = t->hint, .labels = l->labels};

	if (base == VNM_MIB_NO_VALUE)
		return s;
	s.type = vnm_mib_base_name(base);
	for (const struct enum_list *e = t->enums; e != NULL && s.label_count < LABELS_MAX;
	     e = e->next)
		l->labels[s.label_count++] =
		    (struct vnm_mib_draft_label){e->label != NULL ? e->label : "", e->value};
	if (base != VNM_MIB_OCTETS || t->ranges == NULL)
		return s;
	s.sized = true;
	s.size_min = UINT16_MAX;
	for (const struct range_list *r = t->ranges; r != NULL; r = r->next) {
		uint16_t low = r->low < 0 ? 0 : r->low > UINT16_MAX ? UINT16_MAX : (uint16_t)r->low;
		uint16_t high =
		    r->high < 0 || r->high > UINT16_MAX ? UINT16_MAX : (uint16_t)r->high;

		s.size_min = low < s.size_min ? low : s.size_min;
		s.size_max = high > s.size_max ? high : s.size_max;
	}
	return s;
}

static void
take_members(struct loading *l, const struct tree *t, struct vnm_mib_draft_object *o)
{
	o->members = l->members;
	o->augments = t->augments;
	for (const struct index_list *i = t->indexes; i != NULL && o->member_count < MEMBERS_MAX;
	     i = i->next) {
		l->members[o->member_count++] = i->ilabel;
		o->implied = i->isimplied != 0;
	}
	for (const struct varbind_list *v = t->varbinds;
	     v != NULL && o->member_count < MEMBERS_MAX && o->kind == VNM_MIB_NOTIFICATION;
	     v = v->next)
		l->members[o->member_count++] = v->vblabel;
}

static int
take_object(struct loading *l, const struct tree *t, const char *file, struct vnm_err *err)
{
	uint32_t numbers[VNM_OID_MAX], n = VNM_OID_MAX;
	struct vnm_mib_draft_object o = {.name = t->label, .kind = kind_of(t), .file = file};

	if (o.kind == VNM_MIB_NONE || t->label == NULL || t->label[0] == '_')
		return 0;
	for (const struct tree *at = t; at != NULL && n > 0; at = at->parent)
		numbers[--n] = (uint32_t)at->subid;
	o.numbers = numbers + n;
	o.number_count = VNM_OID_MAX - n;
	o.access = t->access == MIB_ACCESS_NOACCESS ? VNM_MIB_NOT_ACCESSIBLE
		   : t->access == MIB_ACCESS_NOTIFY ? VNM_MIB_FOR_NOTIFY
						    : VNM_MIB_READ;
	o.syntax = syntax_of(l, t);
	if (use_convention(l, get_tc_descriptor(t->tc_index), &o.syntax, err) != 0)
		return -1;
	take_members(l, t, &o);
	return vnm_mib_draft_object(l->draft, &o, err);
}

static int
index_conventions(struct loading *l)
{
	const struct vnm_mib *m = &vnm_mib_builtin;

	for (uint32_t i = 1; i < m->type_count; i++) {
		const char *name = m->text + m->types[i].name;

		if (m->types[i].module != UINT16_MAX &&
		    vnm_table_add(&l->conventions, vnm_hash(name, strlen(name), 0), i) != 0)
			return -1;
	}
	return 0;
}

/* A module of theirs: what it is in the draft. */
struct taken {
	const struct module *module;
	uint32_t number;
};

/* Of the modules that have a node the first one that was taken, or -1. */
static int
taken_of(const struct tree *t, const struct taken *taken, int count)
{
	for (int i = 0; i < t->number_modules; i++) {
		int id = t->module_list[i];

		if (id >= 0 && id < count && taken[id].module != NULL)
			return id;
	}
	return -1;
}

/* Objects of the modules that were taken; the tree is as deep as its oids are long. */
static int
take_tree(struct loading *l, const struct tree *t, const struct taken *taken, int count,
    struct vnm_err *err)
{
	for (; t != NULL; t = t->next_peer) {
		int id = taken_of(t, taken, count);

		if (id >= 0) {
			vnm_mib_draft_resume(l->draft, taken[id].number);
			if (take_object(l, t, taken[id].module->file, err) != 0)
				return -1;
		}
		if (take_tree(l, t->child_list, taken, count, err) != 0)
			return -1;
	}
	return 0;
}

/* All modules that were read from the sources' own files. */
static int
take_modules(struct loading *l, struct vnm_err *err)
{
	struct taken *taken;
	int count = 0, rc = 0;
	uint32_t number = 0;

	while (find_module(count) != NULL)
		count++;
	taken = vnm_alloc_zero((size_t)count + 1, sizeof(*taken));
	if (taken == NULL)
		return vnm_err_text(err, "no memory for the MIB catalogue");
	for (int id = 0; id < count && rc == 0; id++) {
		const struct module *m = find_module(id);

		if (!is_theirs(l, m))
			continue;
		taken[id] = (struct taken){m, number++};
		rc = vnm_mib_draft_module(l->draft, m->name, err);
	}
	if (rc == 0)
		rc = take_tree(l, get_tree_head(), taken, count, err);
	vnm_free(taken);
	return rc;
}

static struct vnm_mib *
make(struct loading *l)
{
	struct vnm_err err = {.text = "no memory for the MIB catalogue"};
	struct vnm_mib *m = NULL;

	l->draft = vnm_mib_draft_new();
	if (l->draft == NULL || index_conventions(l) != 0 || take_modules(l, &err) != 0 ||
	    vnm_mib_draft_copy(l->draft, &vnm_mib_builtin, &err) != 0 ||
	    (m = vnm_mib_draft_finish(l->draft, l->warnings, &err)) == NULL)
		vnm_errs_add(l->errs, &err);
	vnm_mib_draft_free(l->draft);
	vnm_table_free(&l->conventions);
	return m;
}

/* The parser, told to read and write nothing of its own. */
static netsnmp_log_handler *
parser_begin(struct loading *l)
{
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_MIB_PARSE_LABEL, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_MIB_ERRORS, 1);
	netsnmp_set_mib_directory("");
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, l);
	netsnmp_init_mib_internals();
	return netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_WARNING);
}

static void
parser_end(struct loading *l, netsnmp_log_handler *handler)
{
	unload_all_mibs();
	netsnmp_remove_loghandler(handler);
	snmp_unregister_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, l, 1);
	netsnmp_ds_shutdown();
}

struct vnm_mib *
vnm_mib_load(const struct vnm_mib_sources *s, struct vnm_errs *errs, struct vnm_errs *warnings)
{
	struct loading *l = vnm_alloc_zero(1, sizeof(*l));
	netsnmp_log_handler *handler;
	struct vnm_mib *m = NULL;

	if (l == NULL) {
		struct vnm_err err = {.text = "no memory for the MIB catalogue"};
		vnm_errs_add(errs, &err);
		return NULL;
	}
	*l = (struct loading){.sources = s, .errs = errs, .warnings = warnings};
	handler = parser_begin(l);
	if (handler == NULL)
		fail(l, NULL, "no memory for the parser of MIB files", NULL);
	else if (write_own(l) == 0)
		read_sources(l);
	if (!l->failed)
		m = make(l);
	parser_end(l, handler);
	remove_own(l);
	vnm_free(l);
	return m;
}

const char *
vnm_mib_parser_version(void)
{
	return netsnmp_get_version();
}
