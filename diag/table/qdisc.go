package table

import (
	"context"
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/internal/say"
)

// What golang.org/x/sys/unix does not have of <linux/pkt_cls.h> and
// <linux/pkt_sched.h>.
const (
	tcaBPFName       = 7
	tcaBPFID         = 11
	tcaNetemLoss     = 5
	tcaNetemCorrupt  = 4
	sizeofTcMsg      = 20
	sizeofNetemQopt  = 24
	FilterIngress    = 0xfffffff2 // the parent of the filters for what a device receives (TC_H_MIN_INGRESS)
	FilterEgress     = 0xfffffff3 // … for what it sends, of a clsact qdisc (TC_H_MIN_EGRESS)
	FilterRoot       = 0          // … and of the qdisc that queues it
	everyFrame       = 0x0003     // ETH_P_ALL
	wholeProbability = 1<<32 - 1
	sizeofU32Sel     = 16
	sizeofU32Key     = 16
	mirredRedirects  = 1 // TCA_EGRESS_REDIR
)

// acting are where filters that have no more than a few conditions keep their actions.
var acting = map[string]uint16{"u32": 7, "matchall": 2} // TCA_U32_ACT, TCA_MATCHALL_ACT

// Filter is a filter of traffic control that is for frames of IPv4, of ARP or of
// all kinds, as `tc filter show` shows it.
type Filter struct {
	Kind     string // "u32", "flower", "bpf"…
	Priority int
	Program  string // name of a BPF program; empty: it has none, or is none
	ID       int    // … and its number
	Redirect int    // index of the device that it sends every packet of IPv4 to; 0: not that
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
		ok = ok && !seen[f] // u32 has a row for each of its hash tables
		seen[f] = true
		return f, ok
	})
	if err != nil {
		return nil, say.Err("%s: filters of the device with index %d: %v", "%s：编号为 %d 的设备的过滤器：%v", o.r.ns.Name(), ifindex, err)
	}
	return rows, nil
}

// tcMessage is struct tcmsg.
func tcMessage(ifindex int, parent uint32) []byte {
	b := make([]byte, sizeofTcMsg)
	binary.NativeEndian.PutUint32(b[4:], uint32(ifindex))
	binary.NativeEndian.PutUint32(b[12:], parent)
	return b
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
	if f.Kind == "bpf" {
		for kind, v := range attr.All(options) {
			switch kind {
			case tcaBPFName:
				f.Program = attr.String(v)
			case tcaBPFID:
				f.ID = attr.Int(v)
			}
		}
	}
	selector := nested(options, 5) // TCA_U32_SEL
	if f.Kind == "u32" && selector == nil {
		return f, false // a hash table of such
	}
	if f.Kind == "matchall" || f.Kind == "u32" && takesAll(selector) {
		f.Redirect = redirected(options, acting[f.Kind])
	}
	return f, f.Kind != "" && filtered[protocol]
}

// takesAll reports whether no key of a struct tc_u32_sel asks for anything.
func takesAll(sel []byte) bool {
	if len(sel) < sizeofU32Sel {
		return false
	}
	for i := range int(sel[2]) {
		if key := sizeofU32Sel + i*sizeofU32Key; len(sel) < key+4 || binary.NativeEndian.Uint32(sel[key:]) != 0 {
			return false
		}
	}
	return true
}

// redirected is the device that the first of a filter's actions sends frames to, if it is
// that; 0 where it is another.
func redirected(options []byte, where uint16) int {
	first := nested(options, where, 1)
	kind, parms := nested(first, 1), nested(first, 2, 2) // TCA_ACT_KIND; TCA_ACT_OPTIONS, TCA_MIRRED_PARMS: tc_gen, eaction, ifindex
	if attr.String(kind) != "mirred" || len(parms) < 28 || binary.NativeEndian.Uint32(parms[20:]) != mirredRedirects {
		return 0
	}
	return int(binary.NativeEndian.Uint32(parms[24:]))
}

// nested is the attribute at the end of a path of them; nil where there is none.
func nested(b []byte, path ...uint16) []byte {
	for _, want := range path {
		var found []byte
		for kind, v := range attr.All(b) {
			if kind == want {
				found = v
				break
			}
		}
		b = found
	}
	return b
}

// Clsact reports whether a device has the qdisc that holds filters for both ways. That of one
// way answers with its own, whichever is asked for (ingress_tcf_block()).
func (o *One) Clsact(ifindex int) bool {
	rows, err := dumpTable(context.Background(), o.r.conn, unix.RTM_GETQDISC, unix.RTM_NEWQDISC, tcMessage(ifindex, 0), func(b []byte) (string, bool) {
		if len(b) < sizeofTcMsg || int(binary.NativeEndian.Uint32(b[4:])) != ifindex {
			return "", false
		}
		return attr.String(nested(b[sizeofTcMsg:], unix.TCA_KIND)), true
	})
	return err == nil && slices.Contains(rows, "clsact")
}

// NetemLoss is the part of what a device sends that its netem qdisc drops or
// spoils, from 0 to 1; 1 where that follows a model. It is 0 for another qdisc.
func (o *One) NetemLoss(ifindex int) (float64, error) {
	rows, err := dumpTable(context.Background(), o.r.conn, unix.RTM_GETQDISC, unix.RTM_NEWQDISC, tcMessage(ifindex, 0), func(b []byte) (float64, bool) {
		if len(b) < sizeofTcMsg || int(binary.NativeEndian.Uint32(b[4:])) != ifindex {
			return 0, false
		}
		return parseNetem(b[sizeofTcMsg:])
	})
	if err != nil {
		return 0, say.Err("%s: qdiscs of the device with index %d: %v", "%s：编号为 %d 的设备的队列规则：%v", o.r.ns.Name(), ifindex, err)
	}
	most := 0.0
	for _, loss := range rows {
		most = max(most, loss)
	}
	return most, nil
}

// parseNetem reads what netem_dump() wrote: struct tc_netem_qopt, and attributes
// behind it.
func parseNetem(b []byte) (loss float64, isNetem bool) {
	var options []byte
	for kind, v := range attr.All(b) {
		switch kind {
		case unix.TCA_KIND:
			isNetem = attr.String(v) == "netem"
		case unix.TCA_OPTIONS:
			options = v
		}
	}
	if !isNetem || len(options) < sizeofNetemQopt {
		return 0, false
	}
	loss = float64(binary.NativeEndian.Uint32(options[8:])) / wholeProbability
	for kind, v := range attr.All(options[sizeofNetemQopt:]) {
		switch kind {
		case tcaNetemLoss:
			loss = 1
		case tcaNetemCorrupt:
			loss = max(loss, float64(attr.Uint32(v))/wholeProbability)
		}
	}
	return loss, true
}
