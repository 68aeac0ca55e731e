package explain_test

import (
	"slices"
	"testing"

	"nstutor/diag/explain/cause"
	"nstutor/diag/explain/cause/against"
	"nstutor/diag/explain/cause/device"
	"nstutor/diag/explain/cause/full"
	"nstutor/diag/explain/cause/service"
)

// elsewhere are the causes that no breakage of a network can show, and why.
var elsewhere = map[cause.Code]string{
	cause.None:               "nothing is broken",
	cause.NoCarrier:          "a wire whose other end cannot be switched on from here: TestBridgesThatHaveLostWhatTheyHad, TestWhatLeavesByATapIsHandedToItsProgram",
	cause.NotKnown:           "a far side that cannot be seen: TestAFarSideThatCannotBeSeen",
	against.ModelDisagrees:   "a rule of the kernel's that is not followed: TestTheReportTellsTheAnswer",
	service.ReplyOtherSource: "a doubt, which only a datagram decides: TestAnAnswerFromAnotherAddress",
	service.NameUnresolved:   "it takes a name: TestANameThatCannotBeLookedUp",
	service.ProxyLoop:        "the connection opens all the same: proxied.TestAProxyThatMeetsItself",
	service.StaleConntrack:   "it takes a flow that went before: TestAFlowGoesWhereItWasRememberedToGo",
	service.ResetOnTheWay:    "it takes a rule that is not followed, or a program that spoofs: TestWhoResetsAConnection",
	service.SocketDemands:    "only the kernel tells of it, and not to everybody: TestWhoListensTakesOnlySome",
	full.ConntrackFull:       "it takes a table that is filled: TestAFullConnectionTable",
	full.PortsExhausted:      "it takes connections that have the ports: TestPortsOfATranslatedSourceAreTaken",
	full.OwnPortsExhausted:   "it takes connections that have the ports: TestPortsOfOnesOwnAreTaken",
	full.NeighboursFull:      "the table is the whole machine's, and a test must not fill it: machine.TestPermanentNeighboursTakeNoRoom",
	service.NotAnswering:     "a program that keeps silent: TestAProgramThatDoesNotAnswer",
	device.PacketLoss:        "a series of echoes: TestWhatLosesSomeEchoesIsNamed",
	device.LinkFlap:          "a series of echoes: TestADeviceThatComesAndGoesIsNamed",
	device.TunnelMismatch:    "it takes tunnels, which few kernels of tests have: TestATunnelIsFollowedToItsOtherEnd, fabric.TestWhoOpensAPacketOfATunnel",
	cause.NoPeer:             "it takes WireGuard, which few kernels of tests have: farend.TestPeersAreReadAsTheKernelWritesThem",
}

// unmendable are the causes that no command can mend, and why.
var unmendable = map[cause.Code]string{
	service.NotListening: "a program has to be started",
	service.BacklogFull:  "a program has to go on",
	service.NoEndpoints:  "a program has to become ready",
}

// TestEveryCauseIsBrokenAndMended: a network is broken so that the cause is the
// first answer, and, where a command can do that, the printed fix mends it.
func TestEveryCauseIsBrokenAndMended(t *testing.T) {
	for _, c := range cause.All() {
		shown := func(b breakage) bool { return b.want.code == c.Code }
		mended := func(b breakage) bool { return shown(b) && !b.noFix }
		if _, ok := elsewhere[c.Code]; ok == slices.ContainsFunc(everyBreakage, shown) {
			t.Errorf("%s: a case that it is the answer to is wanted: %v", c.Code, !ok)
		}
		_, hopeless := unmendable[c.Code]
		if _, ok := elsewhere[c.Code]; !ok && hopeless == slices.ContainsFunc(everyBreakage, mended) {
			t.Errorf("%s: a case that its fix mends is wanted: %v", c.Code, !hopeless)
		}
	}
}
