// Package journey is what a packet and its reply have been through until now: the
// spaces that they passed, as what and by which routes, whom they taught, what stopped them,
// and what is taken for mended since. A walk writes it, and whoever judges reads it.
package journey
