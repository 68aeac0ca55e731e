package process

import (
	"slices"
	"strings"

	"nstutor/internal/lab"
)

// Typing is an action that leaves nothing in the kernel: that somebody has done it by
// hand shows in what was typed.
type Typing interface {
	// Typed takes it that a line was typed in a namespace, and says whether that was it.
	Typed(l *lab.Lab, netns, line string) bool
}

// glance is a command line that only looks, without what does not matter about
// it: how it got into the namespace, options, abbreviations.
type glance struct{ where, tool, what string }

// Typed takes it that the learner typed a line in a namespace, and remembers it
// if that is the look that the step is about. It says whether it was.
func (a Observe) Typed(l *lab.Lab, netns, line string) bool {
	line, _, _ = strings.Cut(line, "|")
	own, ok := readGlance(netns, strings.Fields(line))
	if !ok {
		return false
	}
	command := a.command(l)
	want, ok := readGlance(command.Netns, command.Argv)
	if own.tool == "tcpdump" && own.what == "any" {
		own.what = want.what
	}
	if !ok || own != want {
		return false
	}
	l.Note(a.key())
	return true
}

// readGlance reads a command line.
func readGlance(where string, words []string) (glance, bool) {
	for {
		switch {
		case len(words) > 4 && words[0] == "ip" && abbreviates(words[1], "netns") && words[2] == "exec":
			where, words = words[3], words[4:]
		case len(words) > 3 && words[0] == "ip" && slices.Contains([]string{"-n", "-netns"}, words[1]):
			where, words = words[2], append([]string{"ip"}, words[3:]...)
		case len(words) > 2 && words[0] == "nsenter":
			where, words = readDoor(words[1:])
		case len(words) > 1 && words[0] == "ip":
			return readIP(where, words[1:])
		case len(words) > 2 && words[0] == "timeout":
			words = words[2:]
		case len(words) > 1 && words[0] == "conntrack" && (slices.Contains(words, "-E") || slices.Contains(words, "--event")):
			return glance{where, "conntrack", "-E"}, true
		case len(words) > 0 && words[0] == "tcpdump":
			return glance{where, "tcpdump", captured(words)}, true
		case len(words) > 1 && words[0] == "conntrack" && (slices.Contains(words, "-L") || slices.Contains(words, "--dump")):
			return glance{where, "conntrack", "-L"}, true
		case len(words) > 1 && words[0] == "nft" && slices.Contains(words, "list"):
			return glance{where, "nft", "list"}, true
		case len(words) > 1 && words[0] == "ping":
			return glance{where, "ping", pinged(words)}, true
		case len(words) > 0 && words[0] == "iptables-save", len(words) > 1 && words[0] == "iptables" && (slices.Contains(words, "-S") || slices.Contains(words, "-L")):
			return glance{where, "iptables", ""}, true
		default:
			return glance{}, false
		}
	}
}

// Endless says whether a command line is one that looks on until it is stopped.
func Endless(line string) bool {
	words := strings.Fields(line)
	return slices.Contains(words, "tcpdump") || slices.Contains(words, "conntrack") && (slices.Contains(words, "-E") || slices.Contains(words, "--event"))
}

// captured is the device that tcpdump looks at: the value of -i, which may stand at the
// end of other options.
func captured(words []string) string {
	for i, word := range words {
		if flags, ok := strings.CutPrefix(word, "-"); ok && !strings.HasPrefix(flags, "-") {
			if _, dev, found := strings.Cut(flags, "i"); found && dev != "" {
				return dev
			} else if found && i+1 < len(words) {
				return words[i+1]
			}
		}
	}
	return "any"
}

// routeAsked reads what comes after `ip route get`: where to, and how it came.
func routeAsked(words []string) string {
	asked := map[string]string{}
	for i := 0; i < len(words); i++ {
		switch word := words[i]; word {
		case "from", "iif", "to":
			if i+1 < len(words) {
				asked[word] = words[i+1]
				i++
			}
		default:
			asked["to"] = word
		}
	}
	return strings.Join([]string{asked["to"], asked["from"], asked["iif"]}, " ")
}

// pingFlags are the options of ping(8) that have no value.
const pingFlags = "46AaBbCDdfHhLnOqRrUVv"

// pinged is whom a ping is for, and with what TTL where it says so.
func pinged(words []string) string {
	to, hops := "", ""
	for i := 1; i < len(words); i++ {
		option, value := words[i], ""
		if !strings.HasPrefix(option, "-") {
			to = option
			continue
		}
		switch {
		case len(option) == 2 && strings.Contains(pingFlags, option[1:]):
			continue
		case len(option) > 2:
			option, value = option[:2], option[2:]
		case i+1 < len(words):
			i++
			value = words[i]
		}
		if option == "-t" {
			hops = " -t " + value
		}
	}
	return to + hops
}

// readDoor reads the options of nsenter(1) and returns what they lead to.
func readDoor(words []string) (where string, rest []string) {
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		option := words[0]
		words = words[1:]
		if option == "-t" && len(words) > 0 {
			option, words = "-t"+words[0], words[1:]
		}
		for _, prefix := range []string{"--net=/proc/", "-n/proc/", "-t", "--target="} {
			if door, ok := strings.CutPrefix(option, prefix); ok {
				where = "process " + strings.TrimSuffix(door, "/ns/net")
			}
		}
		for _, prefix := range []string{"--net=/run/netns/", "--net=/var/run/netns/"} {
			if name, ok := strings.CutPrefix(option, prefix); ok {
				where = name
			}
		}
	}
	return where, words
}

// readIP reads what comes after `ip`: a table, and perhaps show.
func readIP(where string, words []string) (glance, bool) {
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		words = words[1:]
	}
	if len(words) == 0 {
		return glance{}, false
	}
	if len(words) > 2 && abbreviates(words[0], "route") && words[1] == "get" {
		return glance{where, "ip route get", routeAsked(words[2:])}, true
	}
	if len(words) > 1 && words[1] != "dev" && !abbreviates(words[1], "show") && !abbreviates(words[1], "list") && words[1] != "ls" {
		return glance{}, false
	}
	for _, object := range []string{"address", "route", "neighbour", "neighbor", "link"} {
		if abbreviates(words[0], object) {
			return glance{where, "ip", object[:4]}, true
		}
	}
	return glance{}, false
}

// abbreviates says whether ip(8) would take a word for another one.
func abbreviates(short, long string) bool { return short != "" && strings.HasPrefix(long, short) }
