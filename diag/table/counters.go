package table

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Counters are the SNMP counters of one network namespace, under the names
// that nstat(8) gives them: the protocol, then the counter, as in
// "IpForwDatagrams" or "TcpExtIPReversePathFilter"; those of IPv6 are of other
// protocols, such as "Ip6OutForwDatagrams". A few are no counters but
// settings or gauges (IpForwarding, IpDefaultTTL, TcpCurrEstab).
type Counters map[string]int64

// countersFiles are where the kernel has them (net/ipv4/proc.c), relative to
// the directory of the thread's own namespace: /proc/net would be that of the
// process's main thread.
var countersFiles = []string{"/proc/thread-self/net/snmp", "/proc/thread-self/net/netstat"}

// counters6File has those of IPv6, each on a line of its own. A kernel without IPv6 has
// no such file.
const counters6File = "/proc/thread-self/net/snmp6"

// ReadCounters reads the counters of ns, or of the caller's namespace when ns
// is nil.
func ReadCounters(ns *nsenter.Namespace) (Counters, error) {
	counters := Counters{}
	name := ""
	if ns != nil {
		name = ns.Name() + ": "
	}
	err := nsenter.In(ns, func() error {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for _, path := range countersFiles {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if err := counters.add(string(text)); err != nil {
				return say.At(path, err)
			}
		}
		text, err := os.ReadFile(counters6File)
		if err == nil {
			counters.addLines(string(text))
		}
		return nil
	})
	if err != nil {
		return nil, say.Err("%sread counters: %v", "%s读取计数器：%v", name, err)
	}
	return counters, nil
}

// ReadDevice6 reads those that a device has of ICMPv6.
func ReadDevice6(ns *nsenter.Namespace, dev string) (Counters, error) {
	counters := Counters{}
	err := nsenter.In(ns, func() error {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		text, err := os.ReadFile("/proc/thread-self/net/dev_snmp6/" + dev)
		counters.addLines(string(text))
		return err
	})
	return counters, err
}

// add reads pairs of lines, "Ip: Forwarding DefaultTTL …" and "Ip: 1 64 …".
func (c Counters) add(text string) error {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
		if len(names) == 0 || len(names) != len(values) || names[0] != values[0] {
			return say.Err("lines %d and %d do not belong together", "第 %d 行与第 %d 行对不上", i+1, i+2)
		}
		protocol := strings.TrimSuffix(names[0], ":")
		for j := 1; j < len(names); j++ {
			// Unsigned counters wrap into negative numbers together,
			// so that their differences stay right.
			value, err := strconv.ParseInt(values[j], 10, 64)
			if err != nil {
				unsigned, unsignedErr := strconv.ParseUint(values[j], 10, 64)
				if unsignedErr != nil {
					return say.Err("%s%s: %v", "%s%s：%v", protocol, names[j], err)
				}
				value = int64(unsigned)
			}
			c[protocol+names[j]] = value
		}
	}
	return nil
}

// addLines reads lines of a name and a number.
func (c Counters) addLines(text string) {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) == 2 {
			if value, err := strconv.ParseUint(words[1], 10, 64); err == nil {
				c[words[0]] = int64(value)
			}
		}
	}
}

// Since returns how much each counter grew after before was read, without
// those that did not change. A counter that before does not have was zero: the
// kernel lists those of each ICMP type only once there are any.
func (c Counters) Since(before Counters) Counters {
	grown := Counters{}
	for name, value := range c {
		if delta := value - before[name]; delta != 0 {
			grown[name] = delta
		}
	}
	return grown
}
