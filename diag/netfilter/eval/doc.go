// Package eval passes a packet through the rules of a namespace as the kernel
// would, without sending one.
//
// Traverse is for the hooks of IP, TraverseLink for those below it (bridge,
// netdev, arp). A Packet remembers between the hooks of one namespace what its
// connection was given. What a rule asks about the namespace (devices, addresses,
// routes) is asked of the Env. Where rules draw lots (numgen, jhash, -m statistic),
// Branches gives every way with its share. Where it cannot be known whether a
// condition holds, both ways are followed, and the verdict is unknown only if they end
// differently: Result.Unsure names the rules then.
package eval
