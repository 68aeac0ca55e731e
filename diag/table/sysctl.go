package table

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"nstutor/diag/attr"

	"golang.org/x/sys/unix"
)

// sysctlKeys are the single settings that decide whether a packet passes.
var sysctlKeys = []string{
	"net.ipv4.ip_forward",
	"net.ipv4.icmp_echo_ignore_all",
	"net.bridge.bridge-nf-call-iptables", // exists while the bridge netfilter module is loaded
}

// sysctlConf are the settings below net.ipv4.conf.DEV, with their places in the
// kernel's array of them (IPV4_DEVCONF_* in <linux/ip.h>).
var sysctlConf = []struct {
	name  string
	place int
}{
	{"forwarding", 1}, {"rp_filter", 8}, {"proxy_arp", 3}, {"arp_ignore", 19}, {"arp_announce", 18},
	{"accept_local", 23}, {"route_localnet", 26},
}

// SysctlPath is the file of a dotted key, below /proc/sys. The slashes that a
// key has for the dots of a device name turn back into dots.
func SysctlPath(key string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '.':
			return '/'
		case '/':
			return '.'
		}
		return r
	}, key)
}

// readSysctls reads the settings of the namespace and of each device that
// readLinks found. The devices' own come with the links, all in one message
// (IFLA_INET_CONF): a file for each would cost more than everything else.
func (r *Reader) readSysctls() ([]Sysctl, error) {
	keys := append([]string{}, sysctlKeys...)
	for _, dev := range []string{"all", "default"} {
		for _, conf := range sysctlConf {
			keys = append(keys, "net.ipv4.conf."+dev+"."+conf.name)
		}
	}
	values, err := r.readSysctlFiles(append(keys, r.opts.Keys...))
	if err != nil {
		return nil, err
	}
	for i, link := range r.links {
		dev := strings.ReplaceAll(link.Name, ".", "/")
		for _, conf := range sysctlConf {
			if conf.place <= len(r.devconf[i]) {
				value := strconv.Itoa(int(int32(r.devconf[i][conf.place-1])))
				values = append(values, Sysctl{"net.ipv4.conf." + dev + "." + conf.name, value})
			}
		}
	}
	return values, nil
}

// readSysctlFiles reads the keys from /proc/sys inside the namespace, leaving
// out those that do not exist.
func (r *Reader) readSysctlFiles(keys []string) ([]Sysctl, error) {
	values := make([]Sysctl, 0, len(keys)+len(sysctlConf)*len(r.links))
	err := r.ns.Do(func() error {
		for _, key := range keys {
			data, err := os.ReadFile("/proc/sys/" + SysctlPath(key))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			values = append(values, Sysctl{key, strings.TrimRight(string(data), "\n\t ")})
		}
		return nil
	})
	return values, err
}

// parseDevconf finds the IPv4 settings in a link's IFLA_AF_SPEC.
func parseDevconf(spec []byte) []uint32 {
	for family, v := range attr.All(spec) {
		if family != unix.AF_INET {
			continue
		}
		for kind, v := range attr.All(v) {
			if kind != unix.IFLA_INET_CONF {
				continue
			}
			conf := make([]uint32, len(v)/4)
			for i := range conf {
				conf[i] = attr.Uint32(v[4*i:])
			}
			return conf
		}
	}
	return nil
}
