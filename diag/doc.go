// Package diag reads a network namespace as the kernel has it.
//
// A Snapshot is what `ip link`, `ip addr`, `ip route`, `ip neigh`, `ip rule` and
// `sysctl` would say, as values; each value's Line is the line that iproute2
// prints. Read takes one Snapshot, a Watcher sends a new one whenever something
// changes, and Diff tells two of them apart. Ping, Pinger, ReadCounters and
// Capture observe packets.
//
// Nothing here changes the kernel, and nothing is remembered between calls: the
// kernel is the only source.
package diag
