package main

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"bespoke"
)

// serverConfig are the settings of one server.
type serverConfig struct {
	data, listen, s3Listen, s3Endpoint, stsEndpoint, roles, credentials, region, account string
	strict                                                                               bool
	maxBadRows                                                                           int    // 0 means 1000
	badRows                                                                              string // fail or skip; "" means fail
	maxBadShare                                                                          float64
	maxCrashes                                                                           int // 0 means 5
	keepSnapshots                                                                        time.Duration
	updateEvery                                                                          time.Duration // 0 means 2 h
	s3Stall                                                                              time.Duration // 0 means 30 s
	logger                                                                               *slog.Logger
	limitMemory                                                                          bool // keep the Go runtime to what imports and models need
}

func (c serverConfig) validate() error {
	var errs []error
	if !regexp.MustCompile(`^\d{12}$`).MatchString(c.account) {
		errs = append(errs, fmt.Errorf("--account %q is not twelve digits", c.account))
	}
	if !regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`).MatchString(c.region) {
		errs = append(errs, fmt.Errorf("--region %q is not a region such as us-east-1", c.region))
	}
	if c.s3Endpoint == "" && (c.stsEndpoint != "" || c.roles != "") {
		errs = append(errs, errors.New("--sts-endpoint and --roles are for an S3 of your own: give --s3-endpoint too"))
	}
	if c.roles != "" && c.stsEndpoint != "" {
		errs = append(errs, errors.New("roles come from --roles or from --sts-endpoint, not both"))
	}
	if c.maxBadRows < 0 || c.keepSnapshots < 0 {
		errs = append(errs, errors.New("--max-bad-rows and --keep-snapshots must not be below 0"))
	}
	if c.maxCrashes < 0 || c.s3Stall < 0 || c.updateEvery < 0 {
		errs = append(errs, errors.New("--max-crashes, --s3-stall and --update-every must not be below 0"))
	}
	if c.badRows != "" && c.badRows != "fail" && c.badRows != "skip" {
		errs = append(errs, fmt.Errorf("--bad-rows %q is neither fail nor skip", c.badRows))
	}
	if c.badRows == "skip" && !(c.maxBadShare > 0 && c.maxBadShare <= 1) {
		errs = append(errs, fmt.Errorf("--max-bad-share %g is not above 0 and up to 1, such as 0.01 for one row in a hundred", c.maxBadShare))
	}
	if err := errors.Join(errs...); err != nil {
		return usageError{err.Error()}
	}
	return nil
}

func (c serverConfig) scope() bespoke.Scope {
	partition := "aws"
	switch {
	case strings.HasPrefix(c.region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(c.region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return bespoke.Scope{Partition: partition, Region: c.region, Account: c.account}
}

// skipShare is which share of rows may be bad; Amazon's service skips none.
func (c serverConfig) skipShare() float64 {
	if c.badRows != "skip" || c.strict {
		return 0
	}
	return c.maxBadShare
}

func (c serverConfig) limits() bespoke.Limits {
	if c.strict {
		return bespoke.StrictLimits()
	}
	return bespoke.GenerousLimits()
}
