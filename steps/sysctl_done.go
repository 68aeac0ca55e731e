package steps

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"nstutor/internal/change"
	"nstutor/internal/lab"
	"nstutor/internal/say"
)

// How net.ipv4.conf.all joins with the setting of one device: either is enough
// (IN_DEV_ORCONF in include/linux/inetdevice.h), or the greater one counts
// (IN_DEV_MAXCONF). Of the others only the device's own counts.
var (
	eitherConf  = []string{"proxy_arp", "accept_local", "route_localnet", "send_redirects", "log_martians"}
	greaterConf = []string{"rp_filter", "arp_ignore", "arp_announce"}
)

// Conditions implements Action. What counts is what the kernel goes by,
// whichever of the settings that share the work was written.
func (a Sysctl) Conditions(_ context.Context, l *lab.Lab) []Condition {
	c := Condition{Table: a.look(a.Key), Want: say.Quote(a.Key + " = " + a.Value)}
	value, err := a.read(l, a.Key)
	switch {
	case errors.Is(err, lab.ErrNoNamespace):
		return []Condition{NamespaceThere(a.Netns)}
	case errors.Is(err, fs.ErrNotExist): // the device is not there
		return []Condition{c}
	case err != nil:
		c.Err = err
		return []Condition{c}
	}
	if a.Key == "net.ipv4.ip_forward" {
		return []Condition{a.forwarding(l, c, value)}
	}
	c.Met, c.Seen = value == a.Value, a.Key+" = "+value
	if dev, name, ok := strings.Cut(strings.TrimPrefix(a.Key, "net.ipv4.conf."), "."); ok && dev != "all" && dev != "default" {
		every := "net.ipv4.conf.all." + name
		if all, err := a.read(l, every); err == nil && slices.Contains(slices.Concat(eitherConf, greaterConf), name) {
			c.Met = joined(name, value, all) == a.Value
			if all != value {
				c.Seen += "; " + every + " = " + all
			}
		}
	}
	c.Seen = Unless(c.Met, c.Seen)
	return []Condition{c}
}

// joined is the value that counts for a device, given its own and that of all.
func joined(name, own, all string) string {
	a, errA := strconv.Atoi(own)
	b, errB := strconv.Atoi(all)
	if errA != nil || errB != nil {
		return own
	}
	n := max(a, b)
	if slices.Contains(eitherConf, name) {
		n = min(n, 1)
	}
	return strconv.Itoa(n)
}

// forwarding judges net.ipv4.ip_forward by its devices: writing it sets theirs,
// and only theirs count for a packet (IN_DEV_FORWARD in ip_route_input_slow).
func (a Sysctl) forwarding(l *lab.Lab, c Condition, value string) Condition {
	c.Met, c.Seen = value == a.Value, a.Key+" = "+value
	devices, err := a.forwarders(l)
	if err != nil {
		c.Err = err
		return c
	}
	if a.Value == "1" && len(devices) > 0 {
		c.Met = true
	}
	for _, dev := range devices {
		key := "net.ipv4.conf." + strings.ReplaceAll(dev, ".", "/") + ".forwarding"
		switch own, err := a.readPath(l, "net/ipv4/conf/"+dev+"/forwarding"); {
		case err != nil:
			c.Err = err
		case own != a.Value:
			if c.Met = false; value == a.Value {
				c.Seen = key + " = " + own
			}
		}
	}
	c.Seen = Unless(c.Met, c.Seen)
	return c
}

// forwarders are the devices of the namespace but the loopback.
func (a Sysctl) forwarders(l *lab.Lab) ([]string, error) {
	ns, err := l.NS(a.Netns)
	if err != nil {
		return nil, err
	}
	var devices []string
	err = ns.Do(func() error {
		entries, err := os.ReadDir("/proc/sys/net/ipv4/conf")
		for _, entry := range entries {
			if name := entry.Name(); name != "all" && name != "default" && name != "lo" {
				devices = append(devices, name)
			}
		}
		return err
	})
	return devices, err
}

// read reads a setting of the namespace.
func (a Sysctl) read(l *lab.Lab, key string) (string, error) {
	return a.readPath(l, Sysctl{Key: key}.path())
}

func (a Sysctl) readPath(l *lab.Lab, path string) (string, error) {
	ns, err := l.NS(a.Netns)
	if err != nil {
		return "", err
	}
	return ns.ReadSysctl(path)
}

// look is the command that prints a setting.
func (a Sysctl) look(key string) change.Command {
	return change.In(a.Netns, "sysctl", key)
}
