#include "client/verify/scope.h"

#include <openssl/x509v3.h>

static void free_points(CRL_DIST_POINTS **points)
{
    CRL_DIST_POINTS_free(*points);
}

static void free_scope(ISSUING_DIST_POINT **scope)
{
    ISSUING_DIST_POINT_free(*scope);
}

/* --- Names of places -----------------------------------------------------------------
 */

enum { FULL_NAME, RELATIVE_NAME }; /* DIST_POINT_NAME.type */

/* What stands relative to the issuer's name becomes a whole one, as dpname. */
static bool make_whole(DIST_POINT_NAME *name, const X509 *certificate)
{
    return name->type != RELATIVE_NAME ||
           DIST_POINT_set_dpname(name, X509_get_issuer_name(certificate)) == 1;
}

static bool is_directory(const GENERAL_NAME *name, const X509_NAME *directory)
{
    return name->type == GEN_DIRNAME &&
           X509_NAME_cmp(name->d.directoryName, directory) == 0;
}

static bool has_directory(const DIST_POINT_NAME *name, const X509_NAME *directory)
{
    if (name->type == RELATIVE_NAME) {
        return X509_NAME_cmp(name->dpname, directory) == 0;
    }
    for (int i = 0; i < sk_GENERAL_NAME_num(name->name.fullname); i++) {
        if (is_directory(sk_GENERAL_NAME_value(name->name.fullname, i), directory)) {
            return true;
        }
    }
    return false;
}

static bool has_name(const DIST_POINT_NAME *name, GENERAL_NAME *wanted)
{
    if (name->type == RELATIVE_NAME) {
        return is_directory(wanted, name->dpname);
    }
    for (int i = 0; i < sk_GENERAL_NAME_num(name->name.fullname); i++) {
        if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(name->name.fullname, i), wanted) ==
            0) {
            return true;
        }
    }
    return false;
}

static bool share_a_name(const DIST_POINT_NAME *one, const DIST_POINT_NAME *other)
{
    if (one->type == RELATIVE_NAME) {
        return has_directory(other, one->dpname);
    }
    for (int i = 0; i < sk_GENERAL_NAME_num(one->name.fullname); i++) {
        if (has_name(other, sk_GENERAL_NAME_value(one->name.fullname, i))) {
            return true;
        }
    }
    return false;
}

/* --- The scope -----------------------------------------------------------------------
 */

static bool names_place_of(DIST_POINT_NAME *place, const X509 *certificate)
{
    AUTO(free_points)
    CRL_DIST_POINTS *points =
        X509_get_ext_d2i(certificate, NID_crl_distribution_points, NULL, NULL);

    if (place == NULL) {
        return true; /* the authority has one list */
    }
    if (!make_whole(place, certificate)) {
        return false;
    }
    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        DIST_POINT_NAME *name = sk_DIST_POINT_value(points, i)->distpoint;
        if (name != NULL && make_whole(name, certificate) && share_a_name(place, name)) {
            return true;
        }
    }
    return false;
}

bool verify_crl_is_about(X509_CRL *crl, X509 *certificate)
{
    int critical = 0;
    AUTO(free_scope)
    ISSUING_DIST_POINT *scope =
        X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);

    if (scope == NULL) {
        return critical == -1; /* absent; else it could not be read */
    }
    bool is_ca = X509_check_ca(certificate) > 0;
    return !scope->indirectCRL && !scope->onlyattr && scope->onlysomereasons == NULL &&
           !(scope->onlyuser > 0 && is_ca) && !(scope->onlyCA > 0 && !is_ca) &&
           names_place_of(scope->distpoint, certificate);
}
