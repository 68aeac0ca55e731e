package table

import (
	"context"
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/say"
)

// What golang.org/x/sys/unix does not have of <linux/pkt_cls.h>, <linux/pkt_sched.h> and
// <linux/tc_act/tc_mirred.h>.
const (
	tcaU32Sel         = 5
	tcaU32Act         = 7
	tcaMatchallAct    = 2
	tcaActKind        = 1
	tcaActOptions     = 2
	tcaMirredParms    = 2
	sizeofU32Sel      = 16 // without its keys
	sizeofU32Key      = 16
	sizeofMirred      = 28
	tcaU32Link        = 3
	actShot           = 2
	actPipe           = 3
	mirredRedirects   = 1          // TCA_EGRESS_REDIR
	mirredMirrors     = 2          // TCA_EGRESS_MIRROR
	mirredMirrorsBack = 4          // TCA_INGRESS_MIRROR
	qdiscIngress      = 0xfffffff1 // the parent of the qdisc for what a device receives (TC_H_INGRESS)
)

// Filter is a filter of traffic control that is for frames of IPv4, of ARP or of
// all kinds, as `tc filter show` shows it.
type Filter struct {
	Kind     string // "u32", "flower", "bpf"…
	Priority int
	Program  string // name of a BPF program; empty: it has none, or is none
	ID       int    // … and its number
	Every    bool   // it is for every frame, as far as it is known
	IPv4     bool   // … of those that carry IPv4
	Copies   bool   // all that it does is to give another device a copy (mirred mirror)
	Redirect bool   // … or to give it to another device instead (mirred egress redirect),
	To       int    // the one with this index; 0: that is gone
}

// filtered are the kinds of frames that matter to a packet of IPv4; a filter of
// others is not asked about it (tcf_classify()).
var filtered = map[uint16]bool{unix.ETH_P_IP: true, unix.ETH_P_ARP: true, everyFrame: true, unix.ETH_P_8021Q: true, unix.ETH_P_8021AD: true}

// Filters returns the filters of a device at one of the places FilterIngress,
// FilterEgress and FilterRoot. There are none where it has no such qdisc.
func (o *One) Filters(ifindex int, parent uint32) ([]Filter, error) {
	seen := map[Filter]bool{}
	rows, err := dumpTable(context.Background(), o.r.conn, unix.RTM_GETTFILTER, unix.RTM_NEWTFILTER, tcMessage(ifindex, parent), func(b []byte) (Filter, bool) {
		f, ok := parseFilter(b)
		if !ok || seen[f] { // a filter may have several rows
			return f, false
		}
		seen[f] = true
		return f, true
	})
	if err != nil {
		return nil, say.Err("%s: filters of the device with index %d: %v", "%s：编号为 %d 的设备的过滤器：%v", o.r.ns.Name(), ifindex, err)
	}
	return rows, nil
}

// parseFilter reads what tcf_fill_node() wrote.
func parseFilter(b []byte) (Filter, bool) {
	if len(b) < sizeofTcMsg {
		return Filter{}, false
	}
	info := binary.NativeEndian.Uint32(b[16:])
	f := Filter{Priority: int(info >> 16)}
	protocol := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, uint16(info)))
	var options []byte
	for kind, v := range attr.All(b[sizeofTcMsg:]) {
		switch kind {
		case unix.TCA_KIND:
			f.Kind = attr.String(v)
		case unix.TCA_OPTIONS:
			options = v
		}
	}
	if read, ok := optionsOf[f.Kind]; ok {
		ok = read(&f, options)
		f.IPv4 = protocol == unix.ETH_P_IP
		f.Every = f.Every && (f.IPv4 || protocol == everyFrame)
		return f, ok && filtered[protocol]
	}
	return f, f.Kind != "" && filtered[protocol]
}

// optionsOf read what the filters of a kind have beside their place, and report whether it is
// one: u32 and matchall have a row for themselves, and u32 one for each of its hash tables.
var optionsOf = map[string]func(f *Filter, options []byte) bool{
	"bpf": func(f *Filter, options []byte) bool {
		for kind, v := range attr.All(options) {
			switch kind {
			case tcaBPFName:
				f.Program = attr.String(v)
			case tcaBPFID:
				f.ID = attr.Int(v)
			}
		}
		return true
	},
	"u32": func(f *Filter, options []byte) (is bool) {
		f.Every = true
		for kind, v := range attr.All(options) {
			switch kind {
			case tcaU32Sel:
				is = true
				for off := sizeofU32Sel; off+sizeofU32Key <= len(v); off += sizeofU32Key {
					f.Every = f.Every && binary.NativeEndian.Uint32(v[off:]) == 0
				}
			case tcaU32Link:
				f.Every = false
			case tcaU32Act:
				f.does(v)
			}
		}
		return is
	},
	"matchall": func(f *Filter, options []byte) (is bool) {
		for kind, v := range attr.All(options) {
			is, f.Every = true, true
			if kind == tcaMatchallAct {
				f.does(v)
			}
		}
		return is
	},
}

// does reads the first action of a filter, as tcf_mirred_dump() wrote it, and whether it is
// the last that a frame comes to.
func (f *Filter) does(actions []byte) {
	var options, parms []byte
	n, mirred := 0, false
	for _, action := range attr.All(actions) {
		n++
		for kind, v := range attr.All(action) {
			switch {
			case n == 1 && kind == tcaActKind:
				mirred = attr.String(v) == "mirred"
			case n == 1 && kind == tcaActOptions:
				options = v
			}
		}
	}
	for kind, v := range attr.All(options) {
		if kind == tcaMirredParms {
			parms = v
		}
	}
	if !mirred || len(parms) < sizeofMirred {
		return
	}
	after, does := binary.NativeEndian.Uint32(parms[8:]), binary.NativeEndian.Uint32(parms[20:])
	switch {
	case does == mirredRedirects && (n == 1 || after != actPipe):
		f.Redirect, f.To = true, int(binary.NativeEndian.Uint32(parms[24:]))
	case (does == mirredMirrors || does == mirredMirrorsBack) && n == 1:
		f.Copies = after != actShot
	}
}

// Clsact reports whether a device has a qdisc for filters of what it sends (clsact): the one
// called ingress shows those for what it receives at both places.
func (o *One) Clsact(ifindex int) (bool, error) {
	rows, err := dumpTable(context.Background(), o.r.conn, unix.RTM_GETQDISC, unix.RTM_NEWQDISC, tcMessage(ifindex, 0), func(b []byte) (string, bool) {
		if len(b) < sizeofTcMsg || int(binary.NativeEndian.Uint32(b[4:])) != ifindex || binary.NativeEndian.Uint32(b[12:]) != qdiscIngress {
			return "", false
		}
		for kind, v := range attr.All(b[sizeofTcMsg:]) {
			if kind == unix.TCA_KIND {
				return attr.String(v), true
			}
		}
		return "", false
	})
	if err != nil {
		return false, say.Err("%s: qdiscs of the device with index %d: %v", "%s：编号为 %d 的设备的队列规则：%v", o.r.ns.Name(), ifindex, err)
	}
	return slices.Contains(rows, "clsact"), nil
}
