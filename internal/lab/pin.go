package lab

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// setting is one sysctl, as its path below /proc/sys, and its value.
type setting struct{ path, value string }

// pinned are the sysctls that the lessons depend on. A new namespace takes its
// IPv4 values from the machine's first one (devinet_init_net), so a lab on a
// Docker host would otherwise differ from a lab on a laptop.
var pinned = []setting{
	{"net/ipv4/ip_forward", "0"},
	{"net/ipv4/icmp_echo_ignore_all", "0"},
	{"net/ipv6/conf/all/disable_ipv6", "1"},
	{"net/ipv6/conf/default/disable_ipv6", "1"},
	{"net/bridge/bridge-nf-call-iptables", "0"},
}

// pinnedConf are those below net/ipv4/conf/DEV, set for all and default (new
// devices start with default's) and for lo, which is there from the beginning.
var pinnedConf = []setting{
	{"rp_filter", "0"},
	{"arp_ignore", "0"},
	{"arp_announce", "0"},
	{"proxy_arp", "0"},
	{"accept_local", "0"},
	{"route_localnet", "0"},
}

// Pin sets every pinned sysctl in ns. A sysctl that this kernel does not have
// (IPv6 or bridge netfilter not built in) needs no pinning.
func Pin(ns *nsenter.Namespace) error {
	settings := slices.Clone(pinned)
	for _, dev := range []string{"all", "default", "lo"} {
		settings = append(settings, below("net/ipv4/conf/"+dev, pinnedConf)...)
	}
	return set(ns, settings)
}

// below puts settings in a folder.
func below(folder string, settings []setting) []setting {
	whole := make([]setting, len(settings))
	for i, s := range settings {
		whole[i] = setting{folder + "/" + s.path, s.value}
	}
	return whole
}

// set writes those of the settings that the kernel has.
func set(ns *nsenter.Namespace, settings []setting) error {
	err := ns.Do(func() error {
		for _, s := range settings {
			if err := nsenter.WriteSetting(s.path, s.value); err != nil && err != unix.ENOENT {
				return say.Err("write /proc/sys/%s: %v", "写入 /proc/sys/%s：%v", s.path, err)
			}
		}
		return nil
	})
	if err != nil {
		return say.At(ns.Name(), err)
	}
	return nil
}

// A new device takes its parameters from the machine's defaults (neigh_parms_alloc).
var (
	arpTimers     = NeighbourParms{Retrans: 1000, McastProbes: 3, UcastProbes: 3, ProxyDelay: 800, DelayProbe: 5000, BaseReachable: 30000}
	fastARPTimers = NeighbourParms{Retrans: 100, McastProbes: 3, UcastProbes: 3, ProxyDelay: 0, DelayProbe: 1000, BaseReachable: 30000}
)

// NeighbourTimeout is how long the kernel asks for a neighbour before it calls
// it FAILED: mcast_solicit times retrans_time.
func (l *Lab) NeighbourTimeout() time.Duration {
	if l.opts.Fast {
		return 300 * time.Millisecond
	}
	return 3 * time.Second
}

// PingTimeout is how long a ping must wait to see everything the kernel has to
// say of one packet: a little more than NeighbourTimeout, and than the 0.8 s of
// proxy_delay.
func (l *Lab) PingTimeout() time.Duration {
	if l.opts.Fast {
		return 600 * time.Millisecond
	}
	return 4 * time.Second
}

// SilenceTimeout is how long a try must wait that nobody is expected to answer: whatever
// else the kernel may say of it, it has said before.
func (l *Lab) SilenceTimeout() time.Duration {
	if l.opts.Fast {
		return 400 * time.Millisecond
	}
	return l.PingTimeout()
}

// PinDevice sets the ARP timers of one device.
func (l *Lab) PinDevice(ns *nsenter.Namespace, dev string) error {
	timers := arpTimers
	if l.opts.Fast {
		timers = fastARPTimers
	}
	if err := ns.Do(func() error { return SetNeighbourParms(dev, timers) }); err != nil {
		return say.Err("%s: set the ARP timers of %s: %v", "%s：设置 %s 的 ARP 定时器：%v", ns.Name(), dev, err)
	}
	return nil
}

// welcome opens a namespace that somebody else made, which pins it. `ip netns
// add` makes the file first and mounts the namespace on it a moment later.
func (l *Lab) welcome(name string) {
	for range 200 {
		if _, err := l.NS(name); err == nil || errors.Is(err, ErrNoNamespace) {
			l.notify()
			return
		}
		time.Sleep(time.Millisecond)
	}
}
