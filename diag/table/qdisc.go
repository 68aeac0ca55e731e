package table

import (
	"context"
	"encoding/binary"

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
)

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

// tcMessage is struct tcmsg.
func tcMessage(ifindex int, parent uint32) []byte {
	b := make([]byte, sizeofTcMsg)
	binary.NativeEndian.PutUint32(b[4:], uint32(ifindex))
	binary.NativeEndian.PutUint32(b[12:], parent)
	return b
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
