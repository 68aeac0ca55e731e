// Package diag is the house of what reads the kernel and judges what it says; it
// has no code of its own. Its rooms, from the ground up:
//
//   - attr takes the attributes of a netlink message apart.
//   - table reads a namespace's tables over rtnetlink: a Snapshot of all, single
//     questions, a Watcher, the difference of two, counters and sysctls. The Line of
//     each value is the line that iproute2 prints.
//   - socket knows who listens, and who of them takes a packet.
//   - netfilter is the model of packet-filter rules, as values: nf_tables, iptables
//     on nf_tables and iptables-legacy, read over netlink and printed in the
//     spelling of their own tools.
//   - wire taps devices with packet sockets and decodes frames.
//   - probe asks by packets: ping, TCP, UDP, HTTP, name lookup; each answer is one
//     Outcome.
//   - drop has the kernel say which packets of a flow it drops, where, and why.
//   - container knows the containers and pods of a machine by name.
//   - explain follows a packet through namespaces and says why it does not arrive.
//
// Each room imports only rooms above it in this list, and explain all of them.
// Nothing here changes the kernel, and nothing is remembered between calls: the
// kernel is the only source.
package diag
