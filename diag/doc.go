// Package diag is the house of what reads the kernel and judges what it says; it
// has no code of its own. docs/ARCHITECTURE.md has its rooms from the ground up, and
// says what each is for: each imports those above it there, and no others.
//
// Nothing here changes the network of the machine, and the kernel is the only source:
// what is kept is kept for the time of one answer.
package diag
