package standin

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"nstutor/diag/table"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// bridgeLook understands the ports of bridges, and their tables of addresses.
func bridgeLook(words []string) look {
	given, words := flags(words, "-d")
	if len(words) == 0 {
		return nil
	}
	var dev, br string
	known := map[string]*string{"dev": &dev}
	if words[0] == "fdb" {
		known["br"] = &br
	}
	switch ok := options(shown(words[1:]), known); {
	case ok && words[0] == "fdb":
		return func(ns *nsenter.Namespace) ([]string, error) { return fdbLines(ns, dev, br) }
	case !ok || words[0] != "link":
		return nil
	}
	onOff := map[bool]string{true: "on", false: "off"}
	return func(ns *nsenter.Namespace) (lines []string, err error) {
		s, err := table.Read(context.Background(), ns, table.ReadOptions{Tables: table.Links})
		if err == nil {
			err = deviceThere(s, dev, cannotFind, 255)
		}
		if err != nil {
			return nil, err
		}
		for _, l := range s.Links {
			if l.Port == nil || dev != "" && l.Name != dev {
				continue
			}
			lines = append(lines, fmt.Sprintf("%d: %s: <%s> mtu %d master %s state %s", l.Index, say.Clean(l.Name), strings.Join(l.Flags, ","), l.MTU, say.Clean(l.Master), l.Port.State))
			if given["-d"] {
				lines = append(lines, fmt.Sprintf("    hairpin %s learning %s flood %s isolated %s", onOff[l.Port.Hairpin], onOff[l.Port.Learning], onOff[l.Port.Flood], onOff[l.Port.Isolated]))
			}
		}
		return lines, nil
	}
}

// fdbStates are those of entries that do not age, as bridge(8) names them.
var fdbStates = map[int]string{unix.NUD_PERMANENT: "permanent", unix.NUD_NOARP: "static"}

// fdbLines are the entries for a device, or for a bridge and its ports.
func fdbLines(ns *nsenter.Namespace, dev, br string) (lines []string, err error) {
	h, err := ns.Handle()
	if err != nil {
		return nil, err
	}
	entries, err := h.NeighList(0, unix.AF_BRIDGE)
	if err != nil {
		return nil, err
	}
	links, err := h.LinkList()
	names := map[int]string{}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	for _, asked := range []struct{ dev, words string }{{dev, cannotFind}, {br, noBridge}} {
		if asked.dev != "" && !slices.Contains(slices.Collect(maps.Values(names)), asked.dev) {
			return nil, Refusal{fmt.Sprintf(asked.words, say.Clean(asked.dev)), 255}
		}
	}
	for _, n := range entries {
		e := table.FDBEntry{MAC: n.HardwareAddr, Dev: names[n.LinkIndex], Master: names[n.MasterIndex], VLAN: n.Vlan,
			State: fdbStates[n.State], Self: n.Flags&netlink.NTF_SELF != 0, NetnsID: -1}
		e.Dst, _ = netip.AddrFromSlice(n.IP)
		if (dev == "" || e.Dev == dev) && (br == "" || e.Master == br || e.Dev == br) {
			lines = append(lines, e.Line())
		}
	}
	return lines, err
}
