package service

import (
	"nstutor/diag/explain/cause"
	"nstutor/internal/change"
	"nstutor/internal/say"
)

// SomeBackends is a service of which not every backend answers. Its code is that of the
// first that does not.
type SomeBackends struct {
	cause.At
	Of               cause.Code
	Service, Backend string // with their ports; Backend is empty where the rules keep the request
	Good, All        int
	Untold           int // of which it cannot be told
	Why              say.Text
	Proof            []say.Text
	Mends            []change.Change
}

// Code is that of the first backend that does not answer.
func (s SomeBackends) Code() cause.Code { return s.Of }

// Detail counts them, and names one.
func (s SomeBackends) Detail() say.Text {
	if s.Backend == "" {
		return say.T("%s is a service: %d of %d ways lead to an answer; %s", "%s 是一个服务：%[3]d 条路里有 %[2]d 条能得到应答；%[4]s", s.Service, s.Good, s.All, s.Why)
	}
	if s.Untold > 0 {
		return say.T("%s is a service: of %d backends, %d answer, and of %d it cannot be told; %s: %s", "%s 是一个服务：%d 个后端里有 %d 个应答，%d 个无法判断；%s：%s",
			s.Service, s.All, s.Good, s.Untold, s.Backend, s.Why)
	}
	return say.T("%s is a service: %d of %d backends answer; %s: %s", "%s 是一个服务：%[3]d 个后端里有 %[2]d 个应答；%[4]s：%[5]s", s.Service, s.Good, s.All, s.Backend, s.Why)
}

// Evidence is that of the backend.
func (s SomeBackends) Evidence() []say.Text { return s.Proof }

// Fix mends the way to the backend.
func (s SomeBackends) Fix() []change.Change { return s.Mends }

// Sometimes is a service of whose backends some are out of sight, and that answers some requests
// and others not.
type Sometimes struct {
	cause.At
	Service         string // with its port
	Answered, Asked int
	Said            say.Text // of the request that was not answered
	Backends        []string // where the requests may arrive
}

// Code is NotKnown: who is out of sight knows why.
func (Sometimes) Code() cause.Code { return cause.NotKnown }

// Detail counts the requests.
func (s Sometimes) Detail() say.Text {
	return say.T("%s is a service of %d backends: of %d requests it answered %d, and then: %s. One of them does not answer, and cannot be seen from here; ask each by itself",
		"%s 是有 %d 个后端的服务：%d 次请求里应答了 %d 次，之后：%s。其中有后端不应答，从这里看不到它；请逐个单独询问", s.Service, len(s.Backends), s.Asked, s.Answered, s.Said)
}

// Evidence are the backends.
func (s Sometimes) Evidence() []say.Text { return cause.Lines(s.Backends...) }

// Fix is nothing that is known.
func (Sometimes) Fix() []change.Change { return nil }
