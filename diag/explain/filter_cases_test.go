package explain_test

import "net/netip"

// filterCase is a rule set on r, and who pings what through it.
type filterCase struct {
	name    string
	tool    string
	rules   string
	fromR   bool
	dst     netip.Addr // b when there is none
	unknown bool       // it cannot be told
	legacy  string     // rules of iptables-legacy besides
}

// filterForward is a rule set with one chain at forward.
func filterForward(policy, rules string) string {
	return "table ip t { chain f { type filter hook forward priority filter; policy " + policy + ";\n" + rules + "\n} }\n"
}

func filterAt(hook, priority, rules string) string {
	return "table ip t { chain c { type filter hook " + hook + " priority " + priority + ";\n" + rules + "\n} }\n"
}

func filterNAT(hook, rules string) string {
	return "table ip n { chain c { type nat hook " + hook + " priority 0;\n" + rules + "\n} }\n"
}

var filterNativeCases = []filterCase{
	{name: "no rules", tool: "nft", rules: ""},
	{name: "policy drop", tool: "nft", rules: filterForward("drop", "")},
	{name: "policy drop, request accepted", tool: "nft", rules: filterForward("drop", "icmp type echo-request accept")},
	{name: "policy drop, both accepted by state", tool: "nft", rules: filterForward("drop", "ct state established,related accept\n ct state new icmp type echo-request accept")},
	{name: "state vmap", tool: "nft", rules: filterForward("drop", "ct state vmap { established : accept, related : accept, invalid : drop }\n ip daddr 10.2.0.0/24 accept")},
	{name: "state vmap drops the reply", tool: "nft", rules: filterForward("accept", "ct state vmap { established : drop, new : accept }")},
	{name: "rule drop", tool: "nft", rules: filterForward("accept", "ip daddr 10.2.0.2 drop")},
	{name: "rule drop of another address", tool: "nft", rules: filterForward("accept", "ip daddr 10.2.0.3 drop")},
	{name: "not the address", tool: "nft", rules: filterForward("accept", "ip saddr != { 10.1.0.2, 10.2.0.2 } drop")},
	{name: "interval set", tool: "nft", rules: "table ip t { set s { type ipv4_addr; flags interval; elements = { 10.2.0.0/30 } }\n chain f { type filter hook forward priority 0;\n ip saddr @s drop\n} }"},
	{name: "empty set negated", tool: "nft", rules: "table ip t { set s { type ipv4_addr; }\n chain f { type filter hook forward priority 0;\n ip saddr != @s drop\n} }"},
	{name: "concatenation", tool: "nft", rules: filterForward("accept", "ip saddr . ip daddr { 10.1.0.2 . 10.2.0.2 } drop")},
	{name: "reject", tool: "nft", rules: filterForward("accept", "iifname \"ra\" oifname \"rb\" reject with icmp admin-prohibited")},
	{name: "device wildcard", tool: "nft", rules: filterForward("accept", "iifname \"r*\" oifname != \"ra\" drop")},
	{name: "device index", tool: "nft", rules: filterForward("accept", "iif \"rb\" drop")},
	{name: "jump and drop", tool: "nft", rules: "table inet t { chain x { ip protocol icmp drop\n}\n chain f { type filter hook forward priority 0;\n jump x\n accept\n} }"},
	{name: "jump and return", tool: "nft", rules: "table inet t { chain x { ip protocol icmp return\n drop\n}\n chain f { type filter hook forward priority 0;\n jump x\n accept\n} }"},
	{name: "goto falls to the policy", tool: "nft", rules: "table inet t { chain x { tcp dport 80 accept\n}\n chain f { type filter hook forward priority 0; policy drop;\n goto x\n accept\n} }"},
	{name: "goto returns to the caller's caller", tool: "nft", rules: "table inet t { chain x { tcp dport 80 accept\n}\n chain y { goto x\n drop\n}\n chain f { type filter hook forward priority 0; policy drop;\n jump y\n accept\n} }"},
	{name: "accept ends only its own chain", tool: "nft", rules: filterForward("accept", "accept") + "table ip u { chain f { type filter hook forward priority 10;\n drop\n} }"},
	{name: "dormant table", tool: "nft", rules: "table ip t { flags dormant; chain f { type filter hook forward priority 0; policy drop;\n} }"},
	{name: "other family", tool: "nft", rules: "table ip6 t { chain f { type filter hook forward priority 0; policy drop;\n} }"},
	{name: "protocol of another family", tool: "nft", rules: "table inet t { chain f { type filter hook forward priority 0;\n meta nfproto ipv6 drop\n ip6 saddr != fd00::1 drop\n} }"},
	{name: "transport of another protocol negated", tool: "nft", rules: filterForward("accept", "tcp dport != 80 drop\n udp sport != 53 drop")},
	{name: "mark set early, seen later", tool: "nft", rules: filterAt("prerouting", "mangle", "iifname \"ra\" meta mark set 0x5") + "table ip u { chain f { type filter hook forward priority 0;\n meta mark & 0x4 == 0x4 drop\n} }"},
	{name: "connection mark carried to the reply's way", tool: "nft", rules: filterAt("forward", "mangle", "ct state new ct mark set 0x7\n meta mark set ct mark") + "table ip u { chain f { type filter hook forward priority 10;\n ct state new meta mark 0x7 drop\n} }"},
	{name: "no connection before tracking", tool: "nft", rules: filterAt("prerouting", "raw", "ct state invalid drop")},
	{name: "notrack", tool: "nft", rules: filterAt("prerouting", "raw", "iifname \"ra\" notrack") + "table ip u { chain f { type filter hook forward priority 0;\n ct state untracked drop\n} }"},
	{name: "notrack too late", tool: "nft", rules: filterAt("prerouting", "mangle", "notrack") + "table ip u { chain f { type filter hook forward priority 0;\n ct state untracked drop\n} }"},
	{name: "invalid reply of an untracked request", tool: "nft", rules: filterAt("prerouting", "raw", "iifname \"ra\" notrack") + "table ip u { chain f { type filter hook forward priority 0;\n ct state invalid drop\n} }"},
	{name: "same priority, last added first", tool: "nft", rules: "table ip t { chain a { type filter hook forward priority 0;\n meta mark 0x9 drop\n}\n chain b { type filter hook forward priority 0;\n meta mark set 0x9\n} }"},
	{name: "ttl and length", tool: "nft", rules: filterForward("accept", "ip ttl 63 ip length 84 iifname \"ra\" drop")},
	{name: "ports of icmp are its bytes", tool: "nft", rules: filterForward("accept", "th sport 0x0800 drop")},
	{name: "prerouting drop to the router itself", tool: "nft", dst: filterAddrRA, rules: filterAt("prerouting", "0", "fib daddr type local drop")},
	{name: "local type does not drop what is forwarded", tool: "nft", rules: filterAt("prerouting", "0", "fib daddr type local drop")},
	{name: "what has no route is unicast", tool: "nft", dst: netip.MustParseAddr("10.9.9.9"), rules: filterAt("prerouting", "0", "fib daddr type unicast drop")},
	{name: "input drop", tool: "nft", dst: filterAddrRA, rules: filterAt("input", "0", "iifname \"ra\" icmp type echo-request drop")},
	{name: "input does not see what is forwarded", tool: "nft", rules: filterAt("input", "0", "drop")},
	{name: "output drops the router's reply", tool: "nft", dst: filterAddrRA, rules: filterAt("output", "0", "icmp type echo-reply drop")},
	{name: "postrouting drop", tool: "nft", rules: filterAt("postrouting", "0", "oifname \"rb\" drop")},
	{name: "postrouting knows the way in", tool: "nft", rules: filterAt("postrouting", "0", "iifname \"ra\" drop")},
	{name: "output has no way in", tool: "nft", fromR: true, rules: filterAt("output", "0", "iifname != \"ra\" oifname \"rb\" drop")},
	{name: "input has no way out", tool: "nft", fromR: true, rules: filterAt("input", "0", "oif != 0 drop")},
	{name: "output drop", tool: "nft", fromR: true, rules: filterAt("output", "0", "ip daddr 10.2.0.2 drop")},
	{name: "no socket when forwarding", tool: "nft", rules: filterAt("prerouting", "0", "meta skuid != 4711 drop")},
	{name: "no socket behind postrouting of what is forwarded", tool: "nft", rules: filterAt("postrouting", "0", "meta skuid != 4711 drop\n meta skgid != 4711 drop")},
	{name: "the user who sends", tool: "nft", fromR: true, rules: filterAt("output", "0", "meta skuid 0 drop")},
	{name: "another user", tool: "nft", fromR: true, rules: filterAt("output", "0", "meta skuid 4711 drop\n meta skgid 4711 drop")},
	{name: "not another user", tool: "nft", fromR: true, rules: filterAt("output", "0", "meta skuid != 4711 drop")},
	{name: "the group, on the way out", tool: "nft", fromR: true, rules: filterAt("postrouting", "0", "meta skgid 0 drop")},
	{name: "the kernel answers an echo itself", tool: "nft", dst: filterAddrRA, rules: filterAt("output", "0", "meta skuid != 4711 drop")},
	{name: "packet type", tool: "nft", rules: filterForward("accept", "meta pkttype != host drop")},
	{name: "reverse path", tool: "nft", rules: filterAt("prerouting", "raw", "fib saddr . iif oif 0 drop")},
	{name: "reverse path is there", tool: "nft", rules: filterAt("prerouting", "raw", "fib saddr . iif oif != 0 iifname \"rb\" drop")},
	{name: "ct direction", tool: "nft", rules: filterForward("accept", "ct direction original drop")},
}

var filterNATCases = []filterCase{
	{name: "masquerade", tool: "nft", rules: filterNAT("postrouting", "oifname \"rb\" masquerade")},
	{name: "snat", tool: "nft", rules: filterNAT("postrouting", "ip saddr 10.1.0.2 snat to 10.2.0.1")},
	{name: "snat to a range that has the source", tool: "nft", rules: filterNAT("postrouting", "snat to 10.1.0.1-10.1.0.9")},
	{name: "snat to one of several", tool: "nft", rules: filterNAT("postrouting", "snat to 10.2.0.20-10.2.0.40"), unknown: true},
	{name: "dnat", tool: "nft", dst: netip.MustParseAddr("10.9.9.9"), rules: filterNAT("prerouting", "ip daddr 10.9.9.9 dnat to 10.2.0.3")},
	{name: "dnat, then a drop of the new address", tool: "nft", dst: netip.MustParseAddr("10.9.9.9"), rules: filterNAT("prerouting", "dnat to 10.2.0.3") + filterForward("accept", "ip daddr 10.2.0.3 drop")},
	{name: "dnat, then only what was translated", tool: "nft", dst: netip.MustParseAddr("10.9.9.9"), rules: filterNAT("prerouting", "ip daddr 10.9.9.9 dnat to 10.2.0.3") + filterForward("drop", "ct status dnat accept")},
	{name: "the original address is remembered", tool: "nft", dst: netip.MustParseAddr("10.9.9.9"), rules: filterNAT("prerouting", "dnat to 10.2.0.3") + filterForward("accept", "ct state new ct original ip daddr 10.9.9.9 drop")},
	{name: "both ways", tool: "nft", dst: netip.MustParseAddr("10.9.9.9"), rules: filterNAT("prerouting", "dnat to 10.2.0.3") + "table ip m { chain p { type nat hook postrouting priority srcnat;\n masquerade\n} }"},
	{name: "the first translation wins", tool: "nft", rules: "table ip n { chain a { type nat hook postrouting priority 20;\n snat to 10.2.0.9\n}\n chain b { type nat hook postrouting priority 10;\n snat to 10.2.0.1\n} }", dst: filterAddrB2},
	{name: "translation has its own place", tool: "nft", dst: netip.MustParseAddr("10.9.9.9"), rules: "table ip n { chain a { type nat hook prerouting priority 50;\n dnat to 10.2.0.2\n} }\n" + filterAt("prerouting", "-50", "ip daddr 10.9.9.9 drop")},
	{name: "redirect", tool: "nft", rules: filterNAT("prerouting", "iifname \"ra\" redirect") + filterAt("input", "0", "ip daddr 10.1.0.1 drop")},
	{name: "redirect answers", tool: "nft", rules: filterNAT("prerouting", "iifname \"ra\" redirect")},
	{name: "dnat of what the router sends", tool: "nft", fromR: true, rules: filterNAT("output", "ip daddr 10.2.0.2 dnat to 10.2.0.3")},
	{name: "drop in a nat chain", tool: "nft", rules: filterNAT("postrouting", "ip saddr 10.1.0.2 drop\n masquerade")},
	{name: "answers to the translated get their address back on the way", tool: "nft", rules: filterNAT("postrouting", "masquerade") + filterAt("prerouting", "-101", "iifname \"rb\" ip daddr 10.1.0.2 drop")},
	{name: "answers to the translated have their address back", tool: "nft", rules: filterNAT("postrouting", "masquerade") + filterAt("prerouting", "-99", "iifname \"rb\" ip daddr 10.1.0.2 drop")},
	{name: "answers keep the new address until they leave", tool: "nft", dst: netip.MustParseAddr("10.9.9.9"), rules: filterNAT("prerouting", "dnat to 10.2.0.3") + filterAt("postrouting", "99", "ip saddr 10.9.9.9 drop")},
	{name: "answers leave with the old address", tool: "nft", dst: netip.MustParseAddr("10.9.9.9"), rules: filterNAT("prerouting", "dnat to 10.2.0.3") + filterAt("postrouting", "101", "ip saddr 10.9.9.9 drop")},
	{name: "connection mark restored for the answer", tool: "nft", rules: filterAt("forward", "0", "ct state new ct mark set 0x8\n ct direction reply meta mark set ct mark") + "table ip u { chain f { type filter hook postrouting priority 0;\n meta mark 0x8 drop\n} }"},
	{name: "drop in a nat chain without tracking", tool: "nft", rules: filterNAT("postrouting", "ip saddr 10.1.0.2 drop")},
	{name: "nat chains see only the first packet", tool: "nft", rules: filterNAT("prerouting", "icmp type echo-reply drop")},
	{name: "untracked is not translated", tool: "nft", rules: filterAt("prerouting", "raw", "notrack") + filterNAT("postrouting", "masquerade")},
	{name: "inet dnat of the other family", tool: "nft", rules: "table inet n { chain c { type nat hook prerouting priority 0;\n dnat ip6 to fd00::1\n} }"},
	{name: "dnat by a map", tool: "nft", rules: "table ip n { map m { type ipv4_addr : ipv4_addr; elements = { 10.2.0.2 : 10.2.0.3 } }\n chain c { type nat hook prerouting priority 0;\n dnat to ip daddr map @m\n} }"},
	{name: "mark of the translated", tool: "nft", rules: "table ip m { chain a { type filter hook forward priority 0;\n ip daddr 10.2.0.2 meta mark set meta mark | 0x4000\n} }\n" + filterNAT("postrouting", "meta mark & 0x4000 == 0 return\n masquerade")},
}

var filterUnknownCases = []filterCase{
	{name: "a limit that accepts", tool: "nft", rules: filterForward("drop", "limit rate 5/second accept"), unknown: true},
	{name: "a limit that does not matter", tool: "nft", rules: filterForward("accept", "limit rate 5/second accept\n tcp dport 80 drop")},
	{name: "dropped with the limit or without", tool: "nft", rules: filterForward("drop", "limit rate 5/second reject")},
	{name: "a logged limit", tool: "nft", rules: filterForward("accept", "limit rate 5/second log")},
	{name: "random verdict", tool: "nft", rules: filterForward("accept", "numgen inc mod 2 vmap { 0 : drop, 1 : accept }"), unknown: true},
	{name: "random verdict, all the same", tool: "nft", rules: "table ip t { chain x { drop\n}\n chain f { type filter hook forward priority 0;\n numgen inc mod 2 vmap { 0 : goto x, 1 : drop }\n drop\n} }"},
	{name: "quota", tool: "nft", rules: filterForward("accept", "quota over 10 mbytes drop"), unknown: true},
	{name: "payload written", tool: "nft", rules: filterAt("prerouting", "raw", "ip daddr 10.9.9.9 ip daddr set 10.2.0.3") + filterForward("drop", ""), dst: netip.MustParseAddr("10.9.9.9"), unknown: true},
	{name: "payload written, passed on", tool: "nft", rules: filterAt("forward", "0", "ip dscp set cs1")},
}

// filterLoopCases stay in r.
var filterLoopCases = []filterCase{
	{name: "no rules", tool: "nft", fromR: true, dst: filterAddrRA},
	{name: "the connection is known before tracking", tool: "nft", fromR: true, dst: filterAddrRA, rules: filterAt("prerouting", "raw", "iifname \"lo\" ct state new drop")},
	{name: "notrack of what looped is too late", tool: "nft", fromR: true, dst: filterAddrRA, rules: filterAt("prerouting", "raw", "notrack") + "table ip u { chain f { type filter hook input priority 0;\n ct state untracked drop\n} }"},
	{name: "translated when it was sent, not again", tool: "nft", fromR: true, dst: filterAddrRA, rules: filterNAT("prerouting", "dnat to 10.2.0.2")},
	{name: "redirect", tool: "nft", fromR: true, dst: filterAddrRA, rules: filterNAT("output", "redirect") + filterAt("input", "0", "ip daddr 127.0.0.1 drop")},
	{name: "redirect answers", tool: "nft", fromR: true, dst: filterAddrRA, rules: filterNAT("output", "redirect") + filterAt("input", "0", "icmp type echo-reply ip saddr != 10.1.0.1 drop")},
	{name: "the mark stays", tool: "nft", fromR: true, dst: filterAddrRA, rules: filterAt("output", "0", "meta mark set 7") + "table ip u { chain f { type filter hook input priority 0;\n meta mark 7 drop\n} }"},
	{name: "masqueraded to itself", tool: "nft", fromR: true, dst: filterAddrRA, rules: filterNAT("postrouting", "snat to 10.2.0.1") + filterAt("input", "0", "icmp type echo-request ip saddr 10.2.0.1 drop")},
}

// filterMixedCases have rules of both backends.
var filterMixedCases = []filterCase{
	{name: "legacy drops what nftables accepts", tool: "nft", rules: filterForward("accept", "accept"), legacy: "-P FORWARD DROP"},
	{name: "nftables drops what legacy accepts", tool: "nft", rules: filterForward("drop", ""), legacy: "-A FORWARD -j ACCEPT"},
	{name: "tables of one priority, in any order", tool: "nft", rules: filterForward("accept", "accept") + "table ip u { chain f { type filter hook forward priority 0;\n ip daddr 10.2.0.2 drop\n} }"},
	{name: "tables of one priority, in an order that matters", tool: "nft", unknown: true, rules: filterForward("accept", "meta mark set 3") + "table ip u { chain f { type filter hook forward priority 0;\n meta mark 3 drop\n} }"},
	{name: "two translations of one priority that come to the same", tool: "nft", rules: "table ip n { chain c { type nat hook postrouting priority 100;\n meta mark set 0x4000 masquerade\n} }\ntable ip o { chain c { type nat hook postrouting priority 100;\n meta mark set 0x8000 masquerade fully-random\n} }"},
	{name: "two translations of one priority", tool: "nft", unknown: true, rules: "table ip n { chain c { type nat hook postrouting priority 100;\n snat to 10.2.0.1\n} }", legacy: "-t nat -A POSTROUTING -j SNAT --to-source 10.2.0.77"},
	{name: "marks go from one to the other", tool: "nft", rules: filterForward("accept", "iifname \"ra\" meta mark 0x2 drop"), legacy: "-t mangle -A FORWARD -j MARK --set-mark 2"},
	{name: "the one in nftables translates earlier by its priority", tool: "nft", rules: "table ip n { chain c { type nat hook postrouting priority 99;\n snat to 10.2.0.1\n} }", legacy: "-t nat -A POSTROUTING -j SNAT --to-source 10.2.0.77"},
}

const (
	filterIPTables = "-N CUSTOM\n-A FORWARD -j CUSTOM\n"
	filterKube     = `-t nat -N KUBE-SERVICES
-t nat -N KUBE-SVC
-t nat -N KUBE-SEP
-t nat -N KUBE-POSTROUTING
-t nat -N KUBE-MARK-MASQ
-t nat -A PREROUTING -j KUBE-SERVICES
-t nat -A POSTROUTING -j KUBE-POSTROUTING
-t nat -A KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC
-t nat -A KUBE-SVC ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ
-t nat -A KUBE-SVC -j KUBE-SEP
-t nat -A KUBE-SEP -p icmp -j DNAT --to-destination 10.2.0.3
-t nat -A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
-t nat -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-t nat -A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-t nat -A KUBE-POSTROUTING -j MASQUERADE --random-fully
`
)

// filterIPTablesCases run with both backends.
var filterIPTablesCases = []filterCase{
	{name: "policy", rules: "-P FORWARD DROP"},
	{name: "docker", rules: "-P FORWARD DROP\n-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A FORWARD -i ra ! -o ra -j ACCEPT"},
	{name: "reply forgotten", rules: "-P FORWARD DROP\n-A FORWARD -i ra -j ACCEPT"},
	{name: "old state match", rules: "-A FORWARD -m state --state NEW -j DROP"},
	{name: "reject", rules: "-A FORWARD -d 10.2.0.0/24 -j REJECT --reject-with icmp-host-prohibited"},
	{name: "custom chain drops", rules: filterIPTables + "-A CUSTOM -p icmp --icmp-type echo-request -j DROP"},
	{name: "custom chain returns", rules: filterIPTables + "-A CUSTOM -p icmp -j RETURN\n-A CUSTOM -j DROP"},
	{name: "custom chain by goto", rules: "-N CUSTOM\n-P FORWARD DROP\n-A FORWARD -g CUSTOM\n-A FORWARD -j ACCEPT\n-A CUSTOM -p tcp -j ACCEPT"},
	{name: "negated protocol", rules: "-A FORWARD ! -p icmp -j DROP"},
	{name: "negated device", rules: "-A FORWARD ! -i ra -j DROP"},
	{name: "device wildcard", rules: "-A FORWARD -i r+ -o rb -j DROP"},
	{name: "raw drop", rules: "-t raw -A PREROUTING -i rb -j DROP"},
	{name: "untracked", rules: "-t raw -A PREROUTING -j CT --notrack\n-A FORWARD -m conntrack --ctstate UNTRACKED -j DROP"},
	{name: "mangle marks, filter drops", rules: "-t mangle -A PREROUTING -j MARK --set-xmark 0x10/0xf0\n-A FORWARD -m mark --mark 0x10/0x10 -j DROP"},
	{name: "connmark saved and restored", rules: "-t mangle -A PREROUTING -m conntrack --ctstate NEW -j MARK --set-mark 0x3\n-t mangle -A PREROUTING -j CONNMARK --save-mark\n-t mangle -A POSTROUTING -m connmark --mark 0x3 -j DROP"},
	{name: "mss clamping changes nothing", rules: "-t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"},
	{name: "addrtype", rules: "-t raw -A PREROUTING -m addrtype --dst-type LOCAL -j DROP", dst: filterAddrRB},
	{name: "masquerade", rules: "-t nat -A POSTROUTING -s 10.1.0.0/24 ! -d 10.1.0.0/24 -j MASQUERADE"},
	{name: "dnat", rules: "-t nat -A PREROUTING -d 10.9.9.9 -j DNAT --to-destination 10.2.0.3", dst: netip.MustParseAddr("10.9.9.9")},
	{name: "a network for another", rules: "-t nat -A PREROUTING -d 10.9.9.0/24 -j NETMAP --to 10.2.0.0/24\n-t nat -A POSTROUTING -s 10.1.0.0/24 -j NETMAP --to 10.7.0.0/24\n-A FORWARD -d 10.2.0.2 -j DROP", dst: netip.MustParseAddr("10.9.9.2")},
	{name: "input masqueraded", rules: "-t nat -A INPUT -j SNAT --to-source 10.1.0.9\n-A OUTPUT -d 10.1.0.9 -j DROP", dst: filterAddrRA},
	{name: "service", rules: filterKube, dst: netip.MustParseAddr("10.96.0.1")},
	{name: "fragments", rules: "-A FORWARD -f -j DROP"},
	{name: "comment and limit", rules: "-A FORWARD -m limit --limit 3/min -j LOG\n-A FORWARD -m comment --comment here -d 10.2.0.2 -j DROP"},
	{name: "a match that is not known", rules: "-A FORWARD -m dscp --dscp 0 -j DROP", unknown: true},
	{name: "length", rules: "-A FORWARD -m length --length 80:100 -j DROP"},
	{name: "not the length", rules: "-A FORWARD -m length ! --length 80:100 -j DROP"},
	{name: "hops left", rules: "-A FORWARD -m ttl --ttl-eq 63 -j DROP"},
	{name: "more hops left", rules: "-A FORWARD -m ttl --ttl-gt 63 -j DROP"},
	{name: "fewer hops left", rules: "-A FORWARD -m ttl --ttl-lt 64 -j DROP"},
	{name: "not so many hops left", rules: "-A FORWARD -m ttl ! --ttl-eq 63 -j DROP"},
	{name: "a range of addresses", rules: "-A FORWARD -m iprange --src-range 10.1.0.2-10.1.0.9 -j DROP"},
	{name: "not the range of addresses", rules: "-A FORWARD -m iprange ! --dst-range 10.2.0.1-10.2.0.2 -j DROP"},
	{name: "both ranges", rules: "-A FORWARD -m iprange --src-range 10.1.0.1-10.1.0.1 --dst-range 10.2.0.1-10.2.0.9 -j DROP"},
	{name: "for one host", rules: "-A FORWARD -m pkttype --pkt-type unicast -j DROP"},
	{name: "not for one host", rules: "-A FORWARD -m pkttype ! --pkt-type unicast -j DROP"},
	{name: "reverse path of everything is right", rules: "-t raw -A PREROUTING -m rpfilter --validmark --invert -j DROP"},
	{name: "reverse path holds", rules: "-t raw -A PREROUTING -m rpfilter -j DROP"},
	{name: "translated by state", rules: "-t nat -A PREROUTING -d 10.9.9.9 -j DNAT --to-destination 10.2.0.3\n-P FORWARD DROP\n-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT", dst: netip.MustParseAddr("10.9.9.9")},
	{name: "not translated by state", rules: "-P FORWARD DROP\n-A FORWARD -m conntrack --ctstate DNAT,SNAT -j ACCEPT"},
	{name: "statistic", rules: "-A FORWARD -m statistic --mode random --probability 0.5 -j DROP", unknown: true},
	{name: "the user who sends", fromR: true, rules: "-A OUTPUT -m owner --uid-owner 0 -j DROP"},
	{name: "a range of users", fromR: true, rules: "-A OUTPUT -m owner --uid-owner 0-99 -j DROP"},
	{name: "another range of users", fromR: true, rules: "-A OUTPUT -m owner --uid-owner 1-99 -j DROP"},
	{name: "not the user who sends", fromR: true, rules: "-A OUTPUT -m owner ! --uid-owner 0 -j DROP"},
	{name: "the user, not the group", fromR: true, rules: "-A OUTPUT -m owner --uid-owner 0 ! --gid-owner 4711 -j DROP"},
	{name: "the user, another group", fromR: true, rules: "-A OUTPUT -m owner --uid-owner 0 --gid-owner 4711 -j DROP"},
	{name: "one of the groups, perhaps", fromR: true, rules: "-A OUTPUT -m owner --gid-owner 4711 --suppl-groups -j DROP", unknown: true},
	{name: "a socket, whosever", fromR: true, rules: "-A OUTPUT -m owner --socket-exists -j DROP", unknown: true},
	{name: "what is forwarded is nobody's", rules: "-t mangle -A POSTROUTING -m owner --uid-owner 0-99999 -j DROP"},
	{name: "what is forwarded is not another user's", rules: "-t mangle -A POSTROUTING -m owner ! --uid-owner 4711 -j DROP"},
	{name: "the kernel's answer is not another user's", dst: filterAddrRA, rules: "-A OUTPUT -m owner ! --uid-owner 4711 -j DROP"},
	{name: "redirected but for a user", fromR: true, rules: "-t nat -A OUTPUT -m owner --uid-owner 0 -j RETURN\n-t nat -A OUTPUT -d 10.2.0.2 -j DNAT --to-destination 10.2.0.3"},
	{name: "queue", rules: "-A FORWARD -j NFQUEUE --queue-num 3"},
	{name: "queue with bypass", rules: "-A FORWARD -j NFQUEUE --queue-num 3 --queue-bypass\n-A FORWARD -p icmp -j DROP"},
	{name: "queue with bypass ends the chain", rules: "-P FORWARD DROP\n-A FORWARD -j NFQUEUE --queue-num 3 --queue-bypass"},
}
