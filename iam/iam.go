// Package iam knows roles, their policies and the policies of buckets, and
// decides who may read or write which object. It is what an account's IAM is
// to Amazon Personalize, as far as set-ups of Personalize use it.
//
// Start at [Store.Decide], the one decision; [Store.CreateRole] and
// [Store.PutBucketPolicy] are what it decides by. What a single statement
// matches is evaluated by the policy package of versitygw; this package adds
// principals, which that one leaves out, and the order of the documents. Users,
// groups, permission boundaries and session policies are not here: a server has
// one account, whose root user may do everything.
package iam

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"

	"bespoke"
)

// Error codes of the IAM API beside those of the root package.
const (
	NoSuchEntity    bespoke.Code = "NoSuchEntity"
	AlreadyExists   bespoke.Code = "EntityAlreadyExists"
	MalformedPolicy bespoke.Code = "MalformedPolicyDocument"
	DeleteConflict  bespoke.Code = "DeleteConflict"
	LimitExceeded   bespoke.Code = "LimitExceeded"
	InvalidValue    bespoke.Code = "ValidationError"
	Unmodifiable    bespoke.Code = "AccessDenied" // of an Amazon managed policy
)

// Service is the principal that stands for the service in trust policies and
// bucket policies.
const Service = "personalize.amazonaws.com"

// Config says where a Store keeps its file and whose account it is.
type Config struct {
	Dir   string // folder of the file iam.json; it must exist
	Scope bespoke.Scope
}

// Store holds the roles, customer managed policies and bucket policies of one
// account. A change is on disk before the call that makes it returns. Safe for
// concurrent use; reading takes no lock.
type Store struct {
	path  string
	scope bespoke.Scope
	write sync.Mutex // held while a change is made and published
	state atomic.Pointer[state]
}

// Open reads the file of an earlier run or starts without any role.
func Open(cfg Config) (*Store, error) {
	if cfg.Dir == "" || cfg.Scope.Account == "" || cfg.Scope.Partition == "" {
		return nil, fmt.Errorf("iam: Config needs Dir and Scope, has %+v", cfg)
	}
	s := &Store{path: filepath.Join(cfg.Dir, "iam.json"), scope: cfg.Scope}
	st, err := load(s.path)
	if err != nil {
		return nil, fmt.Errorf("iam: %w", err)
	}
	s.state.Store(st)
	return s, nil
}

// Scope returns the account that the store belongs to.
func (s *Store) Scope() bespoke.Scope { return s.scope }

// change applies f to a copy of the state and publishes the copy, on disk
// first. Where f or the disk fails, nothing has changed.
func (s *Store) change(f func(*state) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	next := s.state.Load().clone()
	if err := f(next); err != nil {
		return err
	}
	if err := next.save(s.path); err != nil {
		return fmt.Errorf("iam: %w", err)
	}
	s.state.Store(next)
	return nil
}
