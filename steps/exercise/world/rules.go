package world

// IPTables is one line as for iptables(8):
//
//	w.IPTables("host", "-P FORWARD DROP")
//	w.IPTables("host", "-A FORWARD -s 10.1.2.10 -d 10.1.3.0/24 -p tcp --dport 80 -j ACCEPT")
//	w.IPTables("host", "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
//	w.IPTables("host", "-t nat -A POSTROUTING -s 10.1.0.0/16 ! -d 10.1.0.0/16 -j MASQUERADE")
//	w.IPTables("host", "-t nat -A PREROUTING -d 10.96.0.10 -j DNAT --to-destination 10.1.2.10")
//
// Without iptables that understands what the examples use: see change.IPTables.
func (w *World) IPTables(netns, line string) { w.typed(netns, "iptables "+line) }
