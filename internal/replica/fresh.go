package replica

import (
	"path"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// asks are the settings that decide what becomes of packets, as `explain` asks for them:
// they are told whatever they are. Below conf, those of "all" and "default" are meant.
var asks = map[string][]string{
	"net/ipv4": {"ip_forward", "icmp_echo_ignore_all", "ip_default_ttl", "ip_no_pmtu_disc", "tcp_mtu_probing", "fib_multipath_hash_policy", "ip_local_port_range"},
	"net/ipv4/conf": {"forwarding", "rp_filter", "proxy_arp", "proxy_arp_pvlan", "arp_ignore", "arp_announce", "arp_filter", "accept_local", "route_localnet",
		"medium_id", "src_valid_mark", "ignore_routes_with_linkdown", "disable_policy", "disable_xfrm"},
	"net/ipv6/icmp": {"echo_ignore_all"},
	"net/ipv6/conf": {"disable_ipv6", "forwarding", "force_forwarding", "proxy_ndp", "accept_ra", "ignore_routes_with_linkdown", "disable_policy"},
	"net/bridge":    {"bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables"},
}

func (s Setting) asked() bool {
	dir, name := path.Split(s.Path)
	dir = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(dir, "/"), "/all"), "/default")
	return slices.Contains(asks[dir], name)
}

// Telling is the network with those settings alone that tell something: that decide what
// becomes of packets, or that are others than a namespace has when it is born on this
// machine. Where none may be made, all are kept.
func (n Network) Telling() Network {
	fresh := freshSettings()
	n.Spaces = slices.Clone(n.Spaces)
	for i := range n.Spaces {
		n.Spaces[i].Settings = slices.DeleteFunc(slices.Clone(n.Spaces[i].Settings), func(s Setting) bool {
			return !s.asked() && slices.Contains(fresh, s)
		})
	}
	return n
}

// freshSettings are those of a namespace that is born now, and gone again.
func freshSettings() (all []Setting) {
	done := make(chan struct{})
	go func() {
		runtime.LockOSThread() // for ever: the thread ends here, and with it its namespace
		defer close(done)
		if unix.Unshare(unix.CLONE_NEWNET) == nil {
			all = settingsHere()
		}
	}()
	<-done
	return all
}
