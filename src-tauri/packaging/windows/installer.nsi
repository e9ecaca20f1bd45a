; Installer for one user: no administrator, no UAC prompt. `cargo xtask package windows` passes
;   VERSION  as shown, 1.2.3            NUMBERS  the same as four numbers, 1.2.3.0
;   PAYLOAD  folder with the files      OUT      the installer to write
;   ICON     .ico file                  SIZE_KB  size of the payload
;   STUB     kind of installer program  METHOD   how it is compressed
;
; Command line: /S silent, /D=FOLDER (last), /LOG=FILE. Exit codes: 0 installed, 1 cancelled,
; 2 stopped half way, 3 Kuramori is running, 4 not writable or disk full, 5 the folder holds
; something else, 6 a newer version is installed. Nothing was changed unless the code is 0.
;
; Uninstaller: /S keeps the local data, /PURGE deletes it. Repositories are never touched.
Unicode true
Target ${STUB}
!ifdef METHOD
  SetCompressor ${METHOD}
!else
  SetCompress off ; quick, for tests
!endif

!define ID "app.kuramori.desktop"
!define NAME "Kuramori"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\${ID}"
!define IDENTITY "Software\Classes\AppUserModelId\${ID}"
!define CODE_RUNNING 3
!define CODE_WRITE 4
!define CODE_FOREIGN 5
!define CODE_OLDER 6

!include "MUI2.nsh"
!include "LogicLib.nsh"
!include "FileFunc.nsh"
!include "WordFunc.nsh"
!include "nsDialogs.nsh"
!include "Win\COM.nsh"
!include "Win\Propkey.nsh"

Name "${NAME}"
OutFile "${OUT}"
RequestExecutionLevel user
InstallDir "$LOCALAPPDATA\Programs\${NAME}"
InstallDirRegKey HKCU "${UNINSTALL}" "InstallLocation"
BrandingText "${NAME} ${VERSION}"
ManifestDPIAware true
ManifestSupportedOS all
ShowInstDetails nevershow
ShowUninstDetails nevershow

VIProductVersion "${NUMBERS}"
VIAddVersionKey "ProductName" "${NAME}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "${NAME} Setup"
VIAddVersionKey "LegalCopyright" "MIT OR Apache-2.0"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_RUN "$INSTDIR\${NAME}.exe"
!define MUI_PAGE_CUSTOMFUNCTION_LEAVE AtFolder
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
UninstPage custom un.AskPage un.AskLeave
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "Japanese"
!include "texts-en.nsh"
!include "texts-ja.nsh"

Var Log      ; file of /LOG, else one in the folder for temporary files
Var Problem  ; what a check found, empty when all is well
Var Code     ; exit code that goes with it

!include "common.nsh"
!include "files.nsh"
!include "windows.nsh"
!include "uninstall.nsh"

Function .onInit
  Call OpenLog
  Call CheckOlder
  ${If} $Problem != ""
    ${If} ${Silent}
      Call Fail
    ${EndIf}
    MessageBox MB_YESNO|MB_ICONEXCLAMATION|MB_DEFBUTTON2 "$Problem$\r$\n$\r$\n$(GoOnAnyway)" IDYES goon
    SetErrorLevel 1
    Quit
    goon:
  ${EndIf}
FunctionEnd

; Leaving the page with the folder: stays there until the folder can be used.
Function AtFolder
  Call CheckFolder
  ${If} $Problem != ""
    MessageBox MB_OK|MB_ICONEXCLAMATION "$Problem"
    Abort
  ${EndIf}
  again:
  Call CheckRunning
  ${If} $Problem != ""
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$Problem" IDRETRY again
    Abort
  ${EndIf}
FunctionEnd

Section
  Call CheckFolder
  ${If} $Problem == ""
    Call CheckRunning
  ${EndIf}
  ${If} $Problem != ""
    Call Fail
  ${EndIf}

  ; Beside the old files first, so that a full disk costs nothing.
  RMDir /r "$INSTDIR\new.tmp"
  SetOverwrite try
  ClearErrors
  SetOutPath "$INSTDIR\new.tmp"
  File /r "${PAYLOAD}\*"
  WriteUninstaller "$INSTDIR\new.tmp\uninstall.exe"
  SetOutPath "$TEMP"
  ${If} ${Errors}
    Call TakeBack
    Call Fail
  ${EndIf}
  Call Swap
  ${If} $Problem != ""
    Call TakeBack
    Call Fail
  ${EndIf}

  Call Register
  StrCpy $Problem "$(Installed)"
  Call Say
  Call CheckWebView
  ${If} $Problem != ""
    Call Keep
    ${IfNot} ${Silent}
      MessageBox MB_OK|MB_ICONINFORMATION "$Problem"
    ${EndIf}
  ${EndIf}
SectionEnd

; Stopped while unpacking: the old files are still in place.
Function .onInstFailed
  Call TakeBack
FunctionEnd
