//! Names of client certificates, by which producers are known.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use indelible_api::{CertificateSummary, CreateCertificate, ErrorBody, ErrorCode};
use indelible_control::{Certificate, Grant, Operation, SUBJECT_BYTES_MAX, subject};
use indelible_event::catalogue::typed::{
    Identifier, ManagementPermissions, ManagementUsers, ManagementUsersRequest, NoFields,
};
use indelible_event::{Organization, Time};

use crate::app::App;
use crate::audit::{AuditEvent, permissions};
use crate::auth::Caller;
use crate::error::{ApiError, Input};
use crate::routes::admin::{On, ensure_administers, parse_target};

/// Lists the names of certificates that are registered, oldest first.
#[utoipa::path(
    get, path = "/api/v1/certificates", tag = "organizations", params(On),
    responses((status = 200, body = Vec<CertificateSummary>), (status = 403, body = ErrorBody))
)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(on): Query<On>,
) -> Result<Json<Vec<CertificateSummary>>, ApiError> {
    let target = on.administered(&caller)?;
    Ok(Json(app.control.certificates(target.as_ref()).iter().map(|certificate| summary(certificate)).collect()))
}

/// Registers a name of certificates. It is the operator who says what names mean: the same authority signs for all organizations.
#[utoipa::path(
    post, path = "/api/v1/certificates", tag = "organizations", request_body = CreateCertificate,
    responses((status = 201, body = CertificateSummary), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody))
)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(request): Input<CreateCertificate>,
) -> Result<(StatusCode, Json<CertificateSummary>), ApiError> {
    caller.require_platform(Operation::OperatorAdminister)?;
    let invalid = |message: String| ApiError::new(ErrorCode::InvalidRequest, message);
    let target = parse_target(&request.organization)?;
    if request.operations != [Operation::AuditEmit.as_str()] {
        return Err(invalid(format!(
            "certificates are for producers: operations must be [\"{}\"]",
            Operation::AuditEmit
        )));
    }
    let name = subject(&request.subject).ok_or_else(|| {
        invalid(format!("subject must be a DNS name without *, or a URI, of the certificate's subjectAltName, of 1 to {SUBJECT_BYTES_MAX} bytes"))
    })?;
    if target.as_ref().is_some_and(|organization| !app.control.has_organization(organization)) {
        return Err(ApiError::not_found("organization of that name"));
    }
    let taken = || ApiError::new(ErrorCode::AlreadyExists, format!("{name} is registered; revoke it first"));
    if app.control.has_certificate(&name) {
        return Err(taken());
    }
    let failed = |error: anyhow::Error| ApiError::internal("register the certificate", error);
    let id = indelible_control::draw_id().map_err(|error| failed(error.into()))?;
    // Recorded first: nobody is let in without a trace. What fails then is asked for again, and recorded again.
    let organization = target.as_ref().unwrap_or(&app.config.operator_organization);
    let facts = [("operation", Operation::AuditEmit.as_str()), ("subject", &*name)];
    let permissions = permissions(Identifier::Rid(organization.to_string()), &facts);
    let event =
        certificate_event("INDELIBLE_CREATE_CERTIFICATE", &id).and::<ManagementPermissions>(permissions, NoFields {});
    app.audit_change(&caller.actor(), organization, event).await?;
    let grant = Grant { name: name.clone(), target, operations: vec![Operation::AuditEmit], expires_at_us: None };
    let created = app.control.create_certificate(&id, &grant, &caller, app.now_us()).await;
    if !created.map_err(|error| failed(error.into()))? {
        return Err(taken());
    }
    let certificate =
        app.control.certificate(&id).ok_or_else(|| failed(anyhow::anyhow!("it was revoked meanwhile")))?;
    Ok((StatusCode::CREATED, Json(summary(&certificate))))
}

/// Forgets a name of certificates at once.
#[utoipa::path(
    delete, path = "/api/v1/certificates/{certificateId}", tag = "organizations", params(("certificateId" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody))
)]
pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let missing = || ApiError::not_found("certificate with that id");
    let administers = |certificate: &Arc<Certificate>| ensure_administers(&caller, certificate.target.as_ref()).is_ok();
    let certificate = app.control.certificate(&id).filter(administers).ok_or_else(missing)?;
    // Recorded first, as above.
    let organization = certificate.target.as_ref().unwrap_or(&app.config.operator_organization);
    app.audit_change(&caller.actor(), organization, certificate_event("INDELIBLE_REVOKE_CERTIFICATE", &id)).await?;
    let revoked = app.control.revoke_certificate(&id).await;
    let revoked = revoked.map_err(|error| ApiError::internal("revoke the certificate", error))?;
    if revoked { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}

/// That something was done with the producer that a certificate is.
fn certificate_event(name: &'static str, id: &str) -> AuditEvent {
    AuditEvent::new::<ManagementUsers>(name, ManagementUsersRequest::new(vec![id.to_owned()]), NoFields {})
}

fn summary(certificate: &Certificate) -> CertificateSummary {
    CertificateSummary {
        certificate_id: certificate.id.to_string(),
        subject: certificate.subject.to_string(),
        organization: certificate.target.as_ref().map_or("*", Organization::as_str).to_owned(),
        operations: certificate.operations.iter().map(|operation| operation.as_str().to_owned()).collect(),
        created: Time::from_us(certificate.created_at_us).to_string(),
    }
}
