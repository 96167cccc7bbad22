#include "tests/unit/tlog/support/vectors.h"

const char vector_log_vkey[] = "segel.example.go.id/policy-log+083b816d+AQOhB7/"
                               "zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const char vector_witness_vkey[] =
    "witness.example.go.id/bsre+bacf94c5+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";
const char vector_checkpoint[] =
    "segel.example.go.id/policy-log\n"
    "8\n"
    "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
    "\n"
    "\xE2\x80\x94"
    " segel.example.go.id/policy-log "
    "CDuBbfmdRdE+tzCmKSPV+7YwXP6bEk3Q+IHzVb6ID9f5C/"
    "nwQ4aF89tD9f4Lbhzn9ILaZGZMGhxdsORnMABfgVmcTQ8=\n"
    "\xE2\x80\x94"
    " witness.example.go.id/bsre "
    "us+UxQAAAABlU/EAImTarJ8UUYMLoQLfnMxpT8pz3UQlfwRtr/"
    "Qj1g9gDTDbnY8tZB7T6W2GWr4r4jb7vKtZmGr3bjc+7nSR3+d4CQ==\n";
const char vector_empty_checkpoint[] =
    "segel.example.go.id/policy-log\n"
    "0\n"
    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    "\n"
    "\xE2\x80\x94"
    " segel.example.go.id/policy-log "
    "CDuBbWQRq8OXgFEO5jQUXVpf3c9imfcb9NSfEB4s3NG/"
    "FR4g60LLtM0UkNYKwgP3gnhvw1moOz9xmLY9c4P35r3CtQw=\n";
const char vector_example_vkey[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const char vector_example_note[] = "This is an example message.\n"
                                   "\n"
                                   "\xE2\x80\x94"
                                   " example.com/foo "
                                   "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Zt"
                                   "g1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
const char vector_proof[] = "c2sp.org/tlog-proof@v1\n"
                            "index 5\n"
                            "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n"
                            "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=\n"
                            "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n"
                            "\n"
                            "segel.example.go.id/policy-log\n"
                            "8\n"
                            "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
                            "\n"
                            "\xE2\x80\x94"
                            " segel.example.go.id/policy-log "
                            "CDuBbfmdRdE+tzCmKSPV+7YwXP6bEk3Q+IHzVb6ID9f5C/"
                            "nwQ4aF89tD9f4Lbhzn9ILaZGZMGhxdsORnMABfgVmcTQ8=\n"
                            "\xE2\x80\x94"
                            " witness.example.go.id/bsre "
                            "us+UxQAAAABlU/EAImTarJ8UUYMLoQLfnMxpT8pz3UQlfwRtr/"
                            "Qj1g9gDTDbnY8tZB7T6W2GWr4r4jb7vKtZmGr3bjc+7nSR3+d4CQ==\n";
