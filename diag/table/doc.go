// Package table reads a network namespace's tables as the kernel has them.
//
// A Snapshot is what `ip link`, `ip addr`, `ip route`, `ip neigh`, `ip rule` and
// `sysctl` would say, as values; each value's Line is the line that iproute2
// prints. Read takes one Snapshot, a watch.Watcher sends a new one whenever something
// changes, Diff tells two of them apart, and One asks single questions without
// reading whole tables.
package table
