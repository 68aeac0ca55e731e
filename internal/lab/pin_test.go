package lab_test

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
	"nstutor/internal/nsenter"
)

// strange are settings of a machine that would change what the lessons see.
var strange = map[string]string{
	"net/ipv4/ip_forward":                "1",
	"net/ipv4/icmp_echo_ignore_all":      "1",
	"net/ipv4/conf/all/rp_filter":        "2",
	"net/ipv4/conf/default/rp_filter":    "2",
	"net/ipv4/conf/all/proxy_arp":        "1",
	"net/ipv4/conf/default/proxy_arp":    "1",
	"net/ipv4/conf/all/arp_ignore":       "2",
	"net/ipv4/conf/default/arp_announce": "2",
	"net/ipv4/conf/all/accept_local":     "1",
	"net/ipv4/conf/default/forwarding":   "1",
}

// settings are those that every namespace of a lab must have, and their values.
var settings = map[string]string{
	"net/ipv4/ip_forward":                "0",
	"net/ipv4/icmp_echo_ignore_all":      "0",
	"net/ipv4/conf/all/forwarding":       "0",
	"net/ipv4/conf/lo/forwarding":        "0",
	"net/ipv4/conf/all/rp_filter":        "0",
	"net/ipv4/conf/lo/rp_filter":         "0",
	"net/ipv4/conf/all/proxy_arp":        "0",
	"net/ipv4/conf/lo/proxy_arp":         "0",
	"net/ipv4/conf/all/arp_ignore":       "0",
	"net/ipv4/conf/all/arp_announce":     "0",
	"net/ipv4/conf/all/accept_local":     "0",
	"net/ipv4/conf/all/route_localnet":   "0",
	"net/ipv4/conf/default/forwarding":   "0",
	"net/ipv4/conf/default/rp_filter":    "0",
	"net/ipv4/conf/default/proxy_arp":    "0",
	"net/ipv4/conf/default/arp_announce": "0",
}

// onStrangeMachine gives the namespace around the lab strange settings, which a
// new namespace inherits where net.core.devconf_inherit_init_net says so, and
// makes namespaces that have them whatever it says.
func onStrangeMachine(t *testing.T) {
	t.Helper()
	around, err := nsenter.Open("machine", "/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	defer around.Close()
	for path, value := range strange {
		old, err := around.ReadSysctl(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := around.WriteSysctl(path, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.WriteFile("/proc/sys/"+path, []byte(old), 0) })
	}
}

func checkPinned(t *testing.T, ns *nsenter.Namespace) {
	t.Helper()
	for path, want := range settings {
		if got, err := ns.ReadSysctl(path); err != nil || got != want {
			t.Errorf("%s: %s is %q (%v), want %q", ns.Name(), path, got, err, want)
		}
	}
}

func TestEveryNamespaceIsPinnedOnAStrangeMachine(t *testing.T) {
	onStrangeMachine(t)
	l := newLab(t)
	if err := l.AddNetns("ns1"); err != nil {
		t.Fatal(err)
	}
	for _, name := range l.Names() {
		ns := namespace(t, l, name)
		checkPinned(t, ns)
		for _, link := range read(t, ns).Links {
			for _, key := range []string{"rp_filter", "forwarding", "proxy_arp"} {
				if got, err := ns.ReadSysctl("net/ipv4/conf/" + link.Name + "/" + key); err != nil || got != "0" {
					t.Errorf("%s: %s of %s is %q (%v)", name, key, link.Name, got, err)
				}
			}
		}
	}
}

// strangeNamespace does what `ip netns add` does, with settings as a strange machine would
// hand them down.
func strangeNamespace(t *testing.T, name string) {
	t.Helper()
	path := "/run/netns/" + name
	if err := os.WriteFile(path, nil, 0o444); err != nil {
		t.Fatal(err)
	}
	mounted := make(chan error, 1)
	go func() {
		mounted <- inNewNetns(func() error {
			for path, value := range strange {
				if err := os.WriteFile("/proc/sys/"+path, []byte(value), 0); err != nil {
					return err
				}
			}
			return unix.Mount("/proc/thread-self/ns/net", path, "none", unix.MS_BIND, "")
		})
	}()
	if err := <-mounted; err != nil {
		t.Fatal(err)
	}
}

// TestNamespaceLeftAsItIsKeepsItsSettings: who makes one for a lab may have given it
// settings that count, until the lab begins anew.
func TestNamespaceLeftAsItIsKeepsItsSettings(t *testing.T) {
	l := newLab(t)
	l.LeaveAsIs("captured")
	strangeNamespace(t, "captured")
	ns := namespace(t, l, "captured") // seen, and pinned if it is one of those that are
	for path, want := range strange {
		if got, err := ns.ReadSysctl(path); err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", path, got, err, want)
		}
	}
	if err := l.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	strangeNamespace(t, "captured")
	ns = namespace(t, l, "captured")
	soon(t, time.Second, "the next one is pinned", func() bool {
		value, err := ns.ReadSysctl("net/ipv4/ip_forward")
		return err == nil && value == "0"
	})
}

// TestNamespaceMadeByHandIsPinned finds settings of a strange machine.
func TestNamespaceMadeByHandIsPinned(t *testing.T) {
	l := newLab(t)
	strangeNamespace(t, "by-hand")
	ns := namespace(t, l, "by-hand")
	soon(t, time.Second, "the watcher pins it", func() bool {
		value, err := ns.ReadSysctl("net/ipv4/conf/default/proxy_arp")
		return err == nil && value == "0"
	})
	soon(t, time.Second, "the watcher pins all of it", func() bool {
		for path, want := range settings {
			if got, err := ns.ReadSysctl(path); err != nil || got != want {
				return false
			}
		}
		return true
	})
}

func TestARPTimersAreThoseOfTheOptions(t *testing.T) {
	for _, test := range []struct {
		opts           lab.Options
		retrans, delay string
		timeout        time.Duration
	}{
		{lab.Options{}, "1000", "80", 3 * time.Second},
		{lab.Options{Fast: true}, "100", "0", 300 * time.Millisecond},
	} {
		l, err := lab.New(t.Context(), test.opts)
		if err != nil {
			t.Fatal(err)
		}
		ns := namespace(t, l, lab.Host)
		retrans, err := ns.ReadSysctl("net/ipv4/neigh/eth0/retrans_time_ms")
		if err != nil || retrans != test.retrans {
			t.Errorf("%+v: retrans_time_ms is %s (%v), want %s", test.opts, retrans, err, test.retrans)
		}
		delay, err := ns.ReadSysctl("net/ipv4/neigh/eth0/proxy_delay")
		if err != nil || delay != test.delay {
			t.Errorf("%+v: proxy_delay is %s (%v), want %s", test.opts, delay, err, test.delay)
		}
		if l.NeighbourTimeout() != test.timeout || l.SilenceTimeout() <= test.timeout || l.PingTimeout() < l.SilenceTimeout() {
			t.Errorf("%+v: timeouts %v, %v, %v", test.opts, l.NeighbourTimeout(), l.SilenceTimeout(), l.PingTimeout())
		}
		l.Close()
	}
}

// TestADeviceHasTheTimersOfTheLessons: a new one takes those of the machine otherwise.
func TestADeviceHasTheTimersOfTheLessons(t *testing.T) {
	l := newLab(t)
	for dev, netns := range map[string]string{"eth0": lab.Host, "up0": lab.Inet} {
		ns := namespace(t, l, netns)
		for name, want := range map[string]string{
			"retrans_time_ms": "1000", "mcast_solicit": "3", "ucast_solicit": "3", "proxy_delay": "80",
			"delay_first_probe_time": "5", "base_reachable_time_ms": "30000",
		} {
			path := "net/ipv4/neigh/" + dev + "/" + name
			if err := ns.WriteSysctl(path, "7"); err != nil {
				t.Fatal(err)
			}
			if err := l.PinDevice(ns, dev); err != nil {
				t.Fatal(err)
			}
			if got, err := ns.ReadSysctl(path); err != nil || got != want {
				t.Errorf("%s: %s is %q (%v), want %q", netns, path, got, err, want)
			}
		}
	}
}
