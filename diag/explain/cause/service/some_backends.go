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
	return say.T("%s is a service: %d of %d backends answer; %s: %s", "%s 是一个服务：%[3]d 个后端里有 %[2]d 个应答；%[4]s：%[5]s", s.Service, s.Good, s.All, s.Backend, s.Why)
}

// Evidence is that of the backend.
func (s SomeBackends) Evidence() []say.Text { return s.Proof }

// Fix mends the way to the backend.
func (s SomeBackends) Fix() []change.Change { return s.Mends }
