/* Runs a compiled model once: runner CASE RESULT. emulator.py writes CASE and reads RESULT.

   Inputs, weights and outputs end at a page without access, so that reading past their ends stops the process. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef int64_t word;

enum { INPUT, OUTPUT, WEIGHT, ARENA };                                     /* kinds of pointers */
enum { SCRATCH, GROW, SLOTS, HOST, POOL, THREADS, SCRATCHES, CONTEXT };    /* words of the context (runtime/codes.py) */
enum { ARENA_WORD, SCRATCH_WORD };                                         /* words of the table */
enum { NO_FILE = 100, NO_CODE, NO_PLAN };

static const size_t PAGE = 4096;

static void *guarded(size_t size) {
  size_t body = (size / PAGE + 1) * PAGE;
  char *base = mmap(NULL, body + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(base + body, PAGE, PROT_NONE);
  memset(base, 0xFF, body);
  return base + body - size;
}

static word *slots;
static word *slot_bytes;

/* The address of a slot once it has `size` bytes; what is in it stays. Slot -1 is scratch memory. */
static void *grow(word *context, word slot, word size) {
  char *fresh = guarded(size);
  if (slot < 0) {
    context[SCRATCH] = (word)fresh;
    *(word *)context[SCRATCHES] = (word)fresh;
    return fresh;
  }
  if (slots[2 * slot]) memcpy(fresh, (char *)slots[2 * slot], slot_bytes[slot] < size ? slot_bytes[slot] : size);
  slots[2 * slot] = (word)fresh;
  slot_bytes[slot] = size;
  return fresh;
}

static FILE *file;

static word next(void) {
  word value = 0;
  if (fread(&value, sizeof value, 1, file) != 1) exit(NO_FILE);
  return value;
}

/* An image of constants and, from `code_start` on, code. */
static char *mapped(word size, word code_start) {
  char *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED || fread(base, 1, size, file) != (size_t)size) return NULL;
  __builtin___clear_cache(base, base + size);
  if (code_start && mprotect(base, code_start, PROT_READ)) return NULL;
  return mprotect(base + code_start, size - code_start, PROT_READ | PROT_EXEC) ? NULL : base;
}

static word *words(word count) {
  word *all = malloc((count + 1) * sizeof *all);
  for (word i = 0; i < count; i++) all[i] = next();
  return all;
}

static void **blobs(word count, const word *sizes) {
  void **all = malloc((count + 1) * sizeof *all);
  for (word i = 0; i < count; i++) {
    all[i] = guarded(sizes[i]);
    if (fread(all[i], 1, sizes[i], file) != (size_t)sizes[i]) exit(NO_FILE);
  }
  return all;
}

typedef struct {
  word itemsize, rank, facts, grown;
} output;

static size_t bytes_of(const output *o, const word *table) {
  size_t size = o->itemsize;
  for (word d = 0; d < o->rank; d++) size *= table[o->facts + d];
  return size;
}

int main(int count, char **arguments) {
  if (count != 3 || !(file = fopen(arguments[1], "rb"))) return NO_FILE;
  word size = next(), code_start = next(), plan_at = next(), run_at = next();
  char *image = mapped(size, code_start);
  if (!image) return NO_CODE;
  int (*plan)(word *, word *) = (int (*)(word *, word *))(image + plan_at);
  int (*run)(word *, word *) = (int (*)(word *, word *))(image + run_at);

  word table_words = next(), symbol_count = next(), *symbols = words(symbol_count);
  word pointer_count = next(), *pointers = words(3 * pointer_count);
  word output_count = next();
  output *outputs = (output *)words(4 * output_count);
  word slot_count = next();
  word input_count = next(), *input_bytes = words(input_count);
  word weight_count = next(), *weight_bytes = words(weight_count);
  void **inputs = blobs(input_count, input_bytes), **weights = blobs(weight_count, weight_bytes);

  word *table = calloc(table_words + 1, sizeof *table);
  if (plan(symbols, table)) return NO_PLAN;
  word scratch = table[SCRATCH_WORD];
  word context[CONTEXT] = {0}, scratches[1] = {(word)guarded((scratch > 64 ? scratch : 64) / 64 * 64 + 64)};
  slots = calloc(2 * slot_count + 2, sizeof *slots);
  slot_bytes = calloc(slot_count + 1, sizeof *slot_bytes);
  for (word i = 0; i < slot_count; i++) slots[2 * i + 1] = -1; /* never enough: each use asks for what it needs */
  context[SCRATCH] = scratches[0];
  context[GROW] = (word)grow;
  context[SLOTS] = (word)slots;
  context[THREADS] = 1;
  context[SCRATCHES] = (word)scratches;

  char *arena = aligned_alloc(64, (table[ARENA_WORD] / 64 + 2) * 64);
  void **results = malloc((output_count + 1) * sizeof *results);
  for (word i = 0; i < output_count; i++) results[i] = outputs[i].grown < 0 ? guarded(bytes_of(&outputs[i], table)) : NULL;
  for (word i = 0; i < pointer_count; i++) {
    word *p = pointers + 3 * i, *at = table + p[0];
    if (p[1] == ARENA) *at += (word)arena;
    else *at = (word)(p[1] == INPUT ? inputs : p[1] == OUTPUT ? results : weights)[p[2]];
  }
  word status = run(context, table);

  FILE *out = fopen(arguments[2], "wb");
  fwrite(&status, sizeof status, 1, out);
  fwrite(table, sizeof *table, table_words, out);
  for (word i = 0; !status && i < output_count; i++) {
    const void *data = outputs[i].grown < 0 ? results[i] : (void *)table[outputs[i].grown];
    if (bytes_of(&outputs[i], table)) fwrite(data, 1, bytes_of(&outputs[i], table), out);
  }
  return fclose(out);
}
