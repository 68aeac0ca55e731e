package standin

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/table"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// netnsDir is where `ip netns` keeps the names.
const netnsDir = "/run/netns"

// short are the objects in one letter.
var short = map[string]string{"a": "addr", "l": "link", "n": "neigh", "r": "route"}

// ipLook understands the tables of ip(8), as a whole, of a device or of a routing table,
// and the questions `ip route get` and `ip netns pids`.
func ipLook(words []string) look {
	given, words := flags(words, "-4", "-6", "-d", "-s", "-br")
	if len(words) == 0 {
		return nil
	}
	object, words := words[0], words[1:]
	if given["-br"] && object != "link" {
		return nil
	}
	if long := short[object]; long != "" {
		object = long
	}
	switch {
	case object == "netns":
		return netnsLook(words)
	case object == "route" && len(words) > 1 && words[0] == "get":
		return routeGet(words[1:])
	}
	list, known := lists[object]
	if !known {
		return nil
	}
	words = shown(words)
	if (object == "link" || object == "addr") && len(words) == 1 {
		words = []string{"dev", words[0]}
	}
	q := query{given: given, family: 4}
	if given["-6"] {
		q.family = 6
	}
	var of string
	may := map[string]*string{"dev": &q.dev}
	switch object {
	case "route":
		may["table"] = &of
	case "link":
		may["master"] = &q.master
	}
	var isTable bool
	if q.table, isTable = routeTable(of); !isTable || !options(words, may) {
		return nil
	}
	return func(ns *nsenter.Namespace) ([]string, error) { return q.lines(ns, list) }
}

// query is what is asked of one list of ip(8).
type query struct {
	given         map[string]bool // the options before the object
	family, table int
	dev, master   string
	counters      map[int]string // what each device has counted, by its index, where that is asked for
}

// list are the lines of an object that ip(8) shows, and what it says of a device that is
// not there.
type list struct {
	lines  func(q query, s *table.Snapshot) []string
	absent string
}

var lists = map[string]list{
	"link":  {query.links, noDevice},
	"addr":  {query.addrs, noDevice},
	"route": {query.routes, cannotFind},
	"neigh": {query.neighbours, cannotFind},
	"rule":  {query.rules, cannotFind},
}

// What ip(8) and bridge(8) say of a device that is not there.
const (
	noDevice   = "Device %q does not exist."
	cannotFind = "Cannot find device %q"
	noBridge   = "Cannot find bridge device %q"
	wrongValue = "Error: argument %q is wrong: Device does not exist"
)

// lines reads the tables, and what the devices have counted.
func (q query) lines(ns *nsenter.Namespace, of list) ([]string, error) {
	snap, err := table.Read(context.Background(), ns, table.ReadOptions{})
	if err != nil {
		return nil, err
	}
	if err := deviceThere(snap, q.dev, of.absent, 1); err != nil {
		return nil, err
	}
	if err := deviceThere(snap, q.master, wrongValue, 255); err != nil {
		return nil, err
	}
	if q.given["-s"] {
		if q.counters, err = readCounters(ns); err != nil {
			return nil, err
		}
	}
	return of.lines(q, snap), nil
}

func (q query) routes(s *table.Snapshot) (all []string) {
	for _, r := range s.Routes {
		if r.Family() == q.family && r.Table == q.table && q.shows(r.Dev) {
			all = append(all, r.Line())
		}
	}
	return all
}

func (q query) neighbours(s *table.Snapshot) (all []string) {
	for _, n := range s.Neighbours {
		if q.shows(n.Dev) {
			all = append(all, n.Line())
		}
	}
	return all
}

func (q query) rules(s *table.Snapshot) (all []string) {
	for _, r := range s.PolicyRulesOf(q.family) {
		all = append(all, r.Line())
	}
	return all
}

// shows says whether what is of a device is asked for.
func (q query) shows(dev string) bool { return q.dev == "" || dev == q.dev }

// routeTable is the number of a routing table; empty is the main one.
func routeTable(name string) (number int, ok bool) {
	if number, ok = map[string]int{"": unix.RT_TABLE_MAIN, "main": unix.RT_TABLE_MAIN, "local": unix.RT_TABLE_LOCAL, "default": unix.RT_TABLE_DEFAULT}[name]; ok {
		return number, true
	}
	number, err := strconv.Atoi(name)
	return number, err == nil
}

// deviceThere is what a program says where there is no such device, if one is asked for.
func deviceThere(s *table.Snapshot, dev, words string, status int) error {
	if _, ok := s.Link(dev); dev != "" && !ok {
		return Refusal{fmt.Sprintf(words, say.Clean(dev)), status}
	}
	return nil
}

// links are a line for a device in brief: its name, state, address and flags. Else they
// are two, and what else is asked for of it below them.
func (q query) links(s *table.Snapshot) (lines []string) {
	for _, l := range s.Links {
		if !q.shows(l.Name) || q.master != "" && l.Master != q.master {
			continue
		}
		if q.given["-br"] {
			lines = append(lines, fmt.Sprintf("%-16s %-14s %s <%s>", say.Clean(l.Name), l.State, l.MAC, strings.Join(l.Flags, ",")))
			continue
		}
		lines = append(lines, l.Line(), "    "+l.AddressLine())
		if text := detail(l); q.given["-d"] && text != "" {
			lines = append(lines, "    "+text)
		}
		if text := q.counters[l.Index]; text != "" {
			lines = append(lines, "    "+text)
		}
	}
	return lines
}

// detail is what a kind of device has of its own.
func detail(l table.Link) string {
	words := []string{l.Kind}
	pair := func(name string, value any, there bool) {
		if there {
			words = append(words, name, fmt.Sprint(value))
		}
	}
	if b := l.Bridge; b != nil {
		state := map[bool]int{true: 1}
		pair("stp_state", state[b.STP], true)
		pair("vlan_filtering", state[b.VLANFiltering], true)
	}
	if v := l.VXLAN; v != nil {
		pair("id", v.VNI, !v.External)
		pair("remote", v.Remote, v.Remote.IsValid())
		pair("local", v.Local, v.Local.IsValid())
		pair("dstport", v.DstPort, true)
	}
	if t := l.Tunnel; t != nil {
		pair("remote", t.Remote, t.Remote.IsValid())
		pair("local", t.Local, t.Local.IsValid())
		pair("ikey", t.InKey, t.InKey != 0)
		pair("okey", t.Key, t.Key != 0)
	}
	pair("protocol", "802.1ad", l.Service)
	pair("protocol", "802.1Q", l.VLANID != 0 && !l.Service)
	pair("id", l.VLANID, l.VLANID != 0)
	pair("table", l.VRF, l.VRF != 0)
	pair("mode", l.Sharing, l.Sharing != "")
	return strings.TrimSpace(strings.Join(words, " "))
}

// readCounters are those of each device, by its index: the packets that it did not carry,
// and how often its carrier came or went.
func readCounters(ns *nsenter.Namespace) (map[int]string, error) {
	counters := map[int]string{}
	err := ns.Do(func() error {
		links, err := attr.Dump(unix.NETLINK_ROUTE, unix.RTM_NEWLINK, func() *nl.NetlinkRequest {
			request := nl.NewNetlinkRequest(unix.RTM_GETLINK, unix.NLM_F_DUMP)
			request.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
			return request
		})
		for _, m := range links {
			link, err := netlink.LinkDeserialize(nil, m)
			if err != nil {
				return err
			}
			attrs, err := nl.ParseRouteAttr(m[unix.SizeofIfInfomsg:])
			if err != nil {
				return err
			}
			changes := uint32(0)
			for _, a := range attrs {
				if a.Attr.Type == unix.IFLA_CARRIER_CHANGES && len(a.Value) >= 4 {
					changes = binary.NativeEndian.Uint32(a.Value)
				}
			}
			if of := link.Attrs().Statistics; of != nil {
				counters[link.Attrs().Index] = fmt.Sprintf("rx_packets %d rx_errors %d rx_dropped %d tx_packets %d tx_errors %d tx_dropped %d carrier_changes %d",
					of.RxPackets, of.RxErrors, of.RxDropped, of.TxPackets, of.TxErrors, of.TxDropped, changes)
			}
		}
		return err
	})
	return counters, err
}

func (q query) addrs(s *table.Snapshot) (lines []string) {
	for _, l := range s.Links {
		if !q.shows(l.Name) {
			continue
		}
		lines = append(lines, l.Line())
		for _, a := range s.AddrsOn(l.Name) {
			lines = append(lines, "    "+a.Line())
		}
	}
	return lines
}

// routeGet asks the kernel where a packet would go.
func routeGet(words []string) look {
	dst, err := netip.ParseAddr(words[0])
	var from, iif, mark string
	if err != nil || !options(words[1:], map[string]*string{"from": &from, "iif": &iif, "mark": &mark}) {
		return nil
	}
	q := table.RouteRequest{Dst: dst}
	if q.Src, err = netip.ParseAddr(from); from != "" && err != nil {
		return nil
	}
	bits, err := strconv.ParseUint(cmp.Or(mark, "0"), 0, 32)
	if err != nil {
		return nil
	}
	q.Mark = uint32(bits)
	return func(ns *nsenter.Namespace) ([]string, error) {
		if iif != "" {
			snap, err := table.Read(context.Background(), ns, table.ReadOptions{Tables: table.Links})
			if err == nil {
				err = deviceThere(snap, iif, cannotFind, 1)
			}
			if err != nil {
				return nil, err
			}
			dev, _ := snap.Link(iif)
			q.IIF = dev.Index
		}
		one, err := table.OpenOne(ns)
		if err != nil {
			return nil, err
		}
		defer one.Close()
		reply, err := one.Route(q)
		if err != nil {
			return nil, err
		}
		return []string{reply.Line()}, nil
	}
}

// netnsLook understands `ip netns` and `ip netns pids`.
func netnsLook(words []string) look {
	switch {
	case len(words) == 2 && words[0] == "pids":
		return func(*nsenter.Namespace) ([]string, error) { return pids(words[1]) }
	case len(shown(words)) > 0:
		return nil
	}
	return func(*nsenter.Namespace) (names []string, err error) {
		entries, err := os.ReadDir(netnsDir)
		for _, e := range entries {
			names = append(names, say.Clean(e.Name()))
		}
		return names, err
	}
}

// pids are those of the processes in a namespace.
func pids(name string) ([]string, error) {
	inode, err := nsenter.InodeAt(filepath.Join(netnsDir, filepath.Base(name)))
	if err != nil {
		return nil, err
	}
	doors, err := filepath.Glob("/proc/[0-9]*/ns/net")
	var numbers []int
	for _, door := range doors {
		if own, err := nsenter.InodeAt(door); err == nil && own == inode {
			if pid, err := strconv.Atoi(strings.Split(door, "/")[2]); err == nil {
				numbers = append(numbers, pid)
			}
		}
	}
	slices.Sort(numbers)
	lines := make([]string, len(numbers))
	for i, pid := range numbers {
		lines[i] = strconv.Itoa(pid)
	}
	return lines, err
}
